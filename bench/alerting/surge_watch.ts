/**
 * The real alerting core on a stream of posts: settings as shipped but for what a sweep changes, and entities alone
 * judged, because the peers see nothing but a company's counts.
 */
import type { Detector } from '../../alerting/detector.ts';
import { detectors as registry } from '../../alerting/registry.ts';
import { alertingSettings, rulesOf } from '../../alerting/settings.ts';
import { createWatch } from '../../alerting/watch.ts';
import { systemClock } from '../../core/clock.ts';
import { createComponent } from '../../core/config.ts';
import type { Opinion } from '../../core/event.ts';
import { createHttpClient } from '../../core/http.ts';
import { createLogger } from '../../core/log.ts';
import { createMetrics } from '../../core/metrics.ts';
import { createMemoryState } from '../../core/state/memory.ts';
import { opinionOf } from '../../test/alerting/opinions.ts';
import type { Raised } from './surge_scoring.ts';
import { HOUR, type SurgePost, type SurgeStream } from './surge_stream.ts';

/** Of the `alerting:` section. */
export type Changed = Readonly<Record<string, unknown>>;

const context = {
  clock: systemClock,
  log: createLogger({ level: 'warn', format: 'auto' }),
  metrics: createMetrics(),
  signal: new AbortController().signal,
  http: createHttpClient({ userAgent: 'tidewatch-bench' }),
  state: createMemoryState(),
};

export async function alertsOf(stream: SurgeStream, change: Changed): Promise<Raised[]> {
  const settings = alertingSettings.parse({ series: ['entity'], ...change });
  const rules = rulesOf(settings, 'global', []);
  const detectors: Detector[] = [];
  for (const one of settings.detectors) {
    detectors.push(await createComponent<Detector>(registry, one, context));
  }
  // A closed bucket waits for late documents and a message for company: nobody is told before.
  const waitMs = rules.watermark.latenessMs + settings.group_wait_secs * 1000;
  const watch = createWatch(rules, detectors, ({ entity, topic }) => ({
    en: entity ?? topic ?? '',
    zh: entity ?? topic ?? '',
  }));
  const raised = new Map<string, Raised>();
  const advance = (to: number): void => {
    for (const alert of watch.advance(to).alerts) {
      if (alert.state !== 'firing' || alert.series.kind !== 'entity' || alert.series.entity === null) continue;
      if (raised.has(alert.alert_id)) continue;
      raised.set(alert.alert_id, { entity: alert.series.entity, at: Date.parse(alert.at) + waitMs });
    }
  };
  let hour = 0;
  for (const post of stream.posts) {
    const now = Math.floor(post.time / HOUR) * HOUR;
    if (now > hour) advance((hour = now) - rules.watermark.latenessMs);
    watch.take(opinionFrom(post));
  }
  advance(hour + 48 * HOUR);
  return [...raised.values()];
}

function opinionFrom(post: SurgePost): Opinion {
  const opinion = opinionOf({
    id: post.id,
    time: post.time,
    negative: post.negative,
    entities: [post.entity],
    story: post.story,
    author: post.author,
    source: post.news ? post.author : 'forum',
    sourceClass: post.news ? 'news' : 'social',
  });
  return { ...opinion, document: { ...opinion.document, coordinated: post.coordinated } };
}
