/** The rest of a history, made by rule around sampleOpinions and sampleAlerts: findings, notifications, verdicts. */
import { isoTime, stableId, type Alert, type Finding, type Opinion, type Series } from '../../../core/event.ts';
import { newFeedback, takenBack, type FeedbackRow } from '../../../core/feedback.ts';

/** Opinions as a pipeline leaves them: fetched some seconds after publication, labelled some seconds later. */
export function withDelays(opinions: readonly Opinion[]): Opinion[] {
  return opinions.map((opinion, index) => {
    const published = Date.parse(opinion.document.published_at);
    const fetched = published + 5_000 + (index % 7) * 3_000;
    return {
      ...opinion,
      document: { ...opinion.document, fetched_at: isoTime(fetched) },
      labelled_at: isoTime(fetched + 400 + (index % 5) * 200),
    };
  });
}

/** What a detector might have said each six hours of the entities, topics and languages. */
export function sampleFindings(opinions: readonly Opinion[], entities: readonly string[]): Finding[] {
  const times = opinions.map(({ document }) => Date.parse(document.published_at));
  const [first, last] = [Math.min(...times), Math.max(...times)];
  const series: Series[] = [
    ...entities.map((entity): Series => ({ kind: 'entity', entity, topic: null })),
    ...['Earnings', 'Markets'].map((topic): Series => ({ kind: 'topic', entity: null, topic })),
    ...['en', 'zh'].map((language): Series => ({
      kind: 'language',
      entity: null,
      topic: null,
      language: language as 'en' | 'zh',
    })),
  ];
  const findings: Finding[] = [];
  for (let end = first + 21_600_000; end <= last; end += 21_600_000) {
    for (const [index, one] of series.entries()) {
      const observed = Math.round(2 + 2 * Math.sin(end / 3e7 + index));
      findings.push({
        schema_version: 1,
        id: stableId('finding', String(end), String(index)),
        detector: 'surge',
        series: one,
        window_start: isoTime(end - 21_600_000),
        window_end: isoTime(end),
        observed,
        expected: 1.5,
        interval: { low: 0, high: 4 },
        observed_share: 0.4,
        expected_share: 0.2,
        score: observed / 2,
        p_value: 0.2,
        q_value: 0.4,
        measure: 'negative',
        documents: 9,
        stories: 7,
        authors: 5,
        sources: 3,
        anomalous: false,
        reasons: [],
      });
    }
  }
  return findings;
}

/** Rows of `notifications`: each firing was sent by two notifiers, one of which failed first. */
export function sampleNotifications(alerts: readonly Alert[]): object[] {
  return alerts
    .filter(({ state }) => state === 'firing')
    .flatMap(({ alert_id, revision, at }, index) => {
      const row = { item: `${alert_id}:${revision}`, generation: 0, alert_id, owner: '', reason: '' };
      const later = (seconds: number): string => isoTime(Date.parse(at) + seconds * 1000);
      return [
        { ...row, notifier: 'console', status: 'sent', at: later(2 + index) },
        { ...row, notifier: 'slack', status: 'failed', at: later(4), reason: 'the server answered 500' },
        { ...row, notifier: 'slack', status: 'sent', at: later(31 + index) },
      ];
    });
}

/** Two people on each alert; one of them takes the first word back. */
export function sampleVerdicts(alerts: readonly Alert[], now: number): FeedbackRow[] {
  const ids = [...new Set(alerts.map(({ alert_id }) => alert_id))];
  const say = (author: string, alert_id: string, value: 'useful' | 'noise' | 'late'): FeedbackRow =>
    newFeedback({ author, kind: 'verdict', alert_id, value, reason: '' }, null, 'api', now);
  const rows = ids.flatMap((id, index) => [
    say('ann', id, index === 0 ? 'late' : 'useful'),
    say('bo', id, index === 1 ? 'noise' : 'useful'),
  ]);
  const [first] = rows;
  return first === undefined ? [] : [...rows, takenBack(first, 'api', now)];
}
