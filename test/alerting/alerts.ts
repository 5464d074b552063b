/** Alerts and surroundings for the tests of notifiers, the queue and the stage. */
import { SCHEMA_VERSION, isoTime, stableId, type Alert } from '../../core/event.ts';
import { notificationOf, type Notification } from '../../alerting/notification.ts';
import { systemClock } from '../../core/clock.ts';
import type { Context } from '../../core/component.ts';
import { createHttpClient } from '../../core/http.ts';
import { createLogger, type Logger } from '../../core/log.ts';
import { createMetrics } from '../../core/metrics.ts';
import { createMemoryState } from '../../core/state/memory.ts';
import { START } from './opinions.ts';

export function alertOf(facts: Partial<Alert> = {}): Alert {
  return {
    schema_version: SCHEMA_VERSION,
    alert_id: stableId('alert'),
    revision: 2,
    state: 'firing',
    at: isoTime(START),
    started_at: isoTime(START),
    series: { kind: 'entity', entity: 'norvale_bank', topic: null },
    name: 'Norvale Bank',
    severity: 'warning',
    detector: 'surge',
    observed: 18.2,
    expected: 2.1,
    interval: { low: 0, high: 6 },
    observed_share: 0.9,
    expected_share: 0.2,
    score: 7.3,
    documents: [documentOf()],
    document_count: 24,
    story_count: 18,
    author_count: 17,
    source_count: 4,
    measure: 'negative',
    q_value: 0.003,
    evidence: evidenceOf(),
    settings: 'settings',
    page_url: 'https://tide.example/?alert=1',
    summary: {
      en: 'Norvale Bank: 18 negative stories in 8 h where 2.1 were expected (95% interval 0 to 6)',
      zh: '诺维银行：8小时内18条负面报道，预期2.1条（95%区间0至6条）',
    },
    model: 'model@1',
    incident: stableId('alert'),
    labels: { detector: 'surge', kind: 'entity', entity: 'norvale_bank', name: 'Norvale Bank', severity: 'warning' },
    resolution: null,
    ...facts,
  };
}

export function evidenceOf(): NonNullable<Alert['evidence']> {
  const point = (index: number, observed: number) => ({
    start: isoTime(START + index * 8 * 3_600_000),
    end: isoTime(START + (index + 1) * 8 * 3_600_000),
    observed,
    expected: 2.1,
    low: 0,
    high: 6,
  });
  return {
    window_start: isoTime(START),
    window_end: isoTime(START + 8 * 3_600_000),
    words: [{ word: 'withdrawals', language: 'en', z: 6.1, count: 14, usual: 0.4 }],
    authors: { top: [{ author: 'Jonas Wetherell', share: 0.1 }], top_share: 0.1, hhi: 0.06 },
    sources: [{ source: 'ledger-post', stories: 9 }],
    topics: [{ topic: 'Company | Product News', stories: 12 }],
    events: [{ event: 'liquidity', stories: 10 }],
    certainty: { mean_negative: 0.9, mean_confidence: 0.88, low_confidence_share: 0.05 },
    chart: [1, 2, 0, 3, 2, 18.2].map((observed, index) => point(index, observed)),
  };
}

/** A message about these alerts, all of them news. */
export function notificationWith(
  alerts: readonly Alert[] = [alertOf()],
  facts: Partial<Notification> = {},
): Notification {
  const group = { key: 'group', labels: { incident: alerts[0]?.incident ?? '' } };
  return { ...notificationOf({ kind: 'news', group, told: alerts, others: [], repeats: 0 }), ...facts };
}

export function documentOf(facts: Partial<Alert['documents'][number]> = {}): Alert['documents'][number] {
  return {
    id: 'd1',
    story: 's1',
    source: 'ledger-post',
    author: 'Jonas Wetherell',
    url: 'https://example.com/a?b=1&c=2',
    title: 'Norvale halts withdrawals',
    language: 'en',
    published_at: isoTime(START),
    negative: 0.93,
    copies: 3,
    ...facts,
  };
}

export const quietLog = createLogger({ level: 'silent', format: 'json' });

/** A log that keeps what it was warned of. */
export function listeningLog(): { log: Logger; warnings: string[] } {
  const warnings: string[] = [];
  const warn = (text: string): void => void warnings.push(text);
  return { log: Object.assign(createLogger({ level: 'silent', format: 'json' }), { warn }), warnings };
}

/** A component's surroundings: a real HTTP client, the real clock, a state in memory. */
export function contextFor(name: string): Context & { close(): Promise<void> } {
  const http = createHttpClient({ userAgent: 'test' });
  return {
    name,
    clock: systemClock,
    log: quietLog,
    metrics: createMetrics(),
    signal: new AbortController().signal,
    http,
    state: createMemoryState(),
    close: () => http.close(),
  };
}
