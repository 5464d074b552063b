/** The real alerting core on a stream of posts: settings as shipped but for what a sweep changes. */
import { surge } from '../../alerting/detectors/surge.ts';
import { alertingSettings, rulesOf } from '../../alerting/settings.ts';
import { createWatch } from '../../alerting/watch.ts';
import type { Context } from '../../core/component.ts';
import type { Opinion } from '../../core/event.ts';
import { opinionOf } from '../../test/alerting/opinions.ts';
import type { Raised } from './surge_scoring.ts';
import { HOUR, type SurgePost, type SurgeStream } from './surge_stream.ts';

export type SurgeSettings = Record<string, number>;

export async function alertsOf(stream: SurgeStream, change: SurgeSettings): Promise<Raised[]> {
  const settings = alertingSettings.parse({});
  const rules = rulesOf(settings, 'global', []);
  const context = { name: 'surge' } as Context;
  const detector = await surge.create(surge.settings.parse(change), context);
  const watch = createWatch(rules, [detector], ({ entity, topic }) => ({
    en: entity ?? topic ?? '',
    zh: entity ?? topic ?? '',
  }));
  const raised = new Map<string, Raised>();
  const advance = (to: number): void => {
    for (const { alert } of watch.advance(to).alerts) {
      if (alert.state !== 'firing' || alert.series.kind !== 'entity' || alert.series.entity === null) continue;
      if (raised.has(alert.alert_id)) continue;
      raised.set(alert.alert_id, { entity: alert.series.entity, at: Date.parse(alert.at) });
    }
  };
  let hour = 0;
  for (const post of stream.posts) {
    const now = Math.floor(post.time / HOUR) * HOUR;
    if (now > hour) advance((hour = now));
    watch.take(opinionFrom(post));
  }
  advance(hour + 48 * HOUR);
  return [...raised.values()];
}

function opinionFrom(post: SurgePost): Opinion {
  return opinionOf({
    id: post.id,
    time: post.time,
    negative: post.negative,
    entities: [post.entity],
    // A topic of its own each, so that no topic series has anything to say.
    topic: post.entity,
    story: post.story,
    author: post.author,
    source: post.news ? post.author : 'forum',
    sourceClass: post.news ? 'news' : 'social',
  });
}
