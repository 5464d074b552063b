/** The `alerting:` section. Defaults are those that docs/decisions/0004-detection.md argues for. */
import { z } from 'zod';
import { componentSchema } from '../core/config.ts';
import { alertStateSchema, seriesKindSchema, stableId } from '../core/event.ts';
import { confusionFault } from './correction.ts';
import { maintenanceSchema } from './maintenance.ts';
import { SECTOR_HIDES_MEMBERS, inhibitSchema } from './muting.ts';
import type { DispatchRules } from './dispatch.ts';
import { detectors, notifiers } from './registry.ts';
import { banditRulesOf, thresholdSettings } from './thresholds/settings.ts';
import { createThresholds } from './thresholds/thresholds.ts';
import type { Rules } from './watch.ts';

const HOUR_MS = 3_600_000;
const probability = z.number().min(0).max(1);

export const alertingSettings = z
  .strictObject({
    bucket_mins: z
      .number()
      .int()
      .min(5)
      .max(1440)
      .default(60)
      .describe('Length of a bucket: how often each series is judged.'),
    window_hours: z.number().min(1).max(168).default(8).describe('Length of the sliding window that is judged.'),
    history_days: z.number().int().min(5).max(120).default(28).describe('How far back the baseline reaches.'),
    half_life_days: z
      .number()
      .min(1)
      .max(120)
      .default(14)
      .describe('What was said that long ago counts half in the baseline: how fast it follows a trend.'),
    series: z
      .array(seriesKindSchema.exclude(['source']))
      .min(1)
      .default(['entity', 'entity_topic', 'topic', 'source_class', 'language'])
      .describe('Kinds of series that are judged.'),
    false_alerts_per_month: z
      .number()
      .gt(0)
      .max(1000)
      .default(30)
      .describe(
        'Ticks in 30 days at which a detector may be expected to judge anything anomalous while nothing is wrong, over all series; a tick’s share of it is the level of its q-values, at most max_false_share. Support, ratio and share keep false alerts far below it.',
      ),
    max_false_share: z
      .number()
      .gt(0)
      .max(1)
      .default(0.05)
      .describe(
        'Largest level of one tick: the expected part of false ones among what it judges anomalous. With buckets of an hour it caps false_alerts_per_month at 36, with longer ones at less.',
      ),
    thresholds: thresholdSettings.prefault({}).describe('Levels learned from verdicts on alerts; off by default.'),
    confusion: z
      .union([
        z.literal('measured'),
        z.array(
          z.strictObject({
            model: z.string().min(1).describe('name@version, or * for any other model.'),
            matrix: z
              .array(z.tuple([probability, probability, probability]))
              .length(3)
              .describe('Rows: true negative, neutral, positive text; columns: mean probability given to each.'),
          }),
        ),
      ])
      .default('measured')
      .describe(
        'What models are known to get wrong. measured: what the evaluation in the folder of the model that labels says of it, where it says so; [] corrects nothing; `tidewatch evaluate` prints the entry of a model.',
      ),
    public_url: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe('Where people reach the page: alerts link to it.'),
    min_history_hours: z
      .number()
      .min(24)
      .default(96)
      .describe('A feed counts only after it spoke on that many hours of whole days, or was fetched that long.'),
    allowed_lateness_mins: z
      .number()
      .min(0)
      .max(1440)
      .default(60)
      .describe('How long a closed bucket waits for documents that come late.'),
    idle_secs: z
      .number()
      .min(1)
      .default(20)
      .describe('A live feed that was silent that long no longer holds event time back.'),
    author_cap: z.number().int().min(1).default(2).describe('Most stories of one author counted in one window.'),
    for_buckets: z
      .number()
      .int()
      .min(0)
      .max(24)
      .default(1)
      .describe('An alert stays pending for that many buckets before it fires.'),
    clear_score: z.number().min(0).default(2).describe('A firing alert may end once its score is below this.'),
    critical_score: z
      .number()
      .min(1)
      .default(8)
      .describe('An alert is critical from this score (improbability) on, if critical_ratio is reached, too.'),
    critical_ratio: z
      .number()
      .min(1)
      .default(3)
      .describe('An alert is critical from this many times the expected number (effect) on, with critical_score.'),
    keep_firing_hours: z
      .number()
      .min(0)
      .max(168)
      .default(2)
      .describe('The score must stay below clear_score that long before the alert is resolved.'),
    refractory_hours: z
      .number()
      .min(0)
      .max(720)
      .default(24)
      .describe('No new alert on the same series that long after one was resolved.'),
    incident_hours: z
      .number()
      .min(1)
      .max(168)
      .default(24)
      .describe('Alerts that share stories within that time are one incident.'),
    incident_overlap: z
      .number()
      .gt(0)
      .max(1)
      .default(0.5)
      .describe('Least part of the smaller alert’s stories that two alerts of one incident share.'),
    detectors: z
      .array(componentSchema(detectors))
      .min(1)
      .prefault([{ type: 'surge' }])
      .describe('What decides that a window is anomalous.'),
    notifiers: z
      .array(componentSchema(notifiers))
      .prefault([{ type: 'console' }])
      .describe('Who is told.'),
    send: z
      .array(alertStateSchema)
      .default(['firing', 'resolved'])
      .describe('Which states are sent; an alert that never fired sends no resolved.'),
    group_by: z
      .array(z.enum(['incident', 'entity', 'topic', 'sector', 'kind', 'detector', 'severity', 'name']))
      .default(['incident'])
      .describe('Alerts that agree in these labels are told in one message; all in one where empty.'),
    group_wait_secs: z
      .number()
      .min(0)
      .max(3600)
      .default(2)
      .describe('How long a new group, or a rise in severity, waits for company before it is told.'),
    group_interval_secs: z
      .number()
      .min(1)
      .max(86_400)
      .default(300)
      .describe('How often further news of a group are told.'),
    repeat_interval_hours: z
      .number()
      .min(0.01)
      .max(720)
      .default(24)
      .describe('What still fires and nobody acknowledged is told again that often.'),
    tell_past_days: z
      .number()
      .min(0)
      .max(36_500)
      .default(7)
      .describe('What fired and ended while nobody could be told is told if it ended no longer ago than that.'),
    inhibit: z
      .array(inhibitSchema)
      .default([SECTOR_HIDES_MEMBERS])
      .describe('Alerts that hide others while they fire, as Alertmanager’s inhibit_rules: source, target, equal.'),
    maintenance: z
      .array(maintenanceSchema)
      .default([])
      .describe(
        'Times that come again in which matching alerts are not sent: name, matchers, weekdays, days_of_month, months, from, to, zone.',
      ),
    max_attempts: z
      .number()
      .int()
      .min(1)
      .default(200)
      .describe('A notification goes to the dead letters after that many tries.'),
    give_up_hours: z
      .number()
      .min(0.01)
      .default(24)
      .describe('A notification goes to the dead letters after that many hours of trying.'),
    checkpoint_secs: z
      .number()
      .min(0.05)
      .max(60)
      .default(2)
      .describe('Longest time that work is held before it is made durable and acknowledged.'),
  })
  .superRefine((values, context) => {
    const fail = (key: string, message: string): void => context.addIssue({ code: 'custom', path: [key], message });
    if ((values.window_hours * 60) % values.bucket_mins !== 0) {
      fail('window_hours', `must be a whole number of buckets of ${values.bucket_mins} minutes`);
    }
    if (1440 % values.bucket_mins !== 0) fail('bucket_mins', 'must divide a day');
    if (values.min_history_hours > values.history_days * 24 - values.window_hours) {
      fail('min_history_hours', `must be within history_days less the window`);
    }
    if (values.critical_score <= values.clear_score) fail('critical_score', 'must be above clear_score');
    for (const kind of ['detectors', 'notifiers'] as const) {
      const names = values[kind].map(({ name }) => name);
      const twice = names.find((name, index) => names.indexOf(name) !== index);
      if (twice !== undefined) fail(kind, `two are named ${twice}; give each its own name`);
    }
    for (const { model, matrix } of matricesOf(values.confusion)) {
      const fault = confusionFault(matrix);
      if (fault !== null) fail('confusion', `the matrix of ${model} ${fault}`);
    }
    for (const detector of values.detectors) {
      const fire = detector['fire_score'];
      if (typeof fire === 'number' && fire <= values.clear_score) {
        fail('clear_score', `must be below the fire_score of ${detector.name} (${fire}), or alerts would flap`);
      }
      const recent = detector['recent_days'];
      if (typeof recent === 'number' && 2 * recent > values.history_days) {
        fail(
          'detectors',
          `${detector.name}'s recent_days of ${recent} needs history_days of at least ${2 * recent}, not ${values.history_days}: ` +
            `as many days before say what is usual`,
        );
      }
    }
  });

export type AlertingSettings = z.output<typeof alertingSettings>;

/** The matrices that are written down; what was measured is put in by the application, which knows the model's folder. */
function matricesOf<Matrix>(confusion: 'measured' | readonly Matrix[]): readonly Matrix[] {
  return confusion === 'measured' ? [] : confusion;
}

/** When whom is told, as the dispatch reads it. */
export function dispatchRulesOf(settings: AlertingSettings): DispatchRules {
  return {
    groupBy: settings.group_by,
    groupWaitMs: settings.group_wait_secs * 1000,
    groupIntervalMs: settings.group_interval_secs * 1000,
    repeatMs: settings.repeat_interval_hours * HOUR_MS,
    tellPastMs: settings.tell_past_days * 24 * HOUR_MS,
    send: new Set(settings.send),
  };
}

/** Hash of every setting that decides what alerts there are; whom they are sent to is no part of it. */
export function versionOf(settings: AlertingSettings): string {
  const { notifiers: _, public_url: __, ...judging } = settings;
  return stableId('settings', JSON.stringify(judging)).slice(0, 12);
}

/** The section as the pure parts read it: milliseconds throughout. */
export function rulesOf(
  settings: AlertingSettings,
  mode: 'per_feed' | 'global',
  replayedFeeds: readonly string[],
  parents: Rules['parents'] = new Map(),
): Rules {
  const bucketMs = settings.bucket_mins * 60_000;
  // A replay repeats itself: what people said since is no part of it.
  const bandit = mode === 'per_feed' ? banditRulesOf(settings.thresholds) : null;
  return {
    window: {
      bucketMs,
      windowMs: settings.window_hours * HOUR_MS,
      authorCap: settings.author_cap,
      halfLifeMs: settings.half_life_days * 24 * HOUR_MS,
    },
    kinds: settings.series,
    falseAlertsPerMonth: settings.false_alerts_per_month,
    mostFalseShare: settings.max_false_share,
    ...(bandit !== null && { thresholds: createThresholds(bandit) }),
    confusion: new Map(matricesOf(settings.confusion).map(({ model, matrix }) => [model, matrix] as const)),
    statement: { settings: versionOf(settings), publicUrl: settings.public_url?.replace(/\/+$/, '') ?? null },
    lifecycle: {
      bucketMs,
      forBuckets: settings.for_buckets,
      clearScore: settings.clear_score,
      criticalScore: settings.critical_score,
      criticalRatio: settings.critical_ratio,
      keepFiringMs: settings.keep_firing_hours * HOUR_MS,
      refractoryMs: settings.refractory_hours * HOUR_MS,
    },
    watermark: {
      mode,
      latenessMs: settings.allowed_lateness_mins * 60_000,
      idleMs: settings.idle_secs * 1000,
      replayed: new Set(replayedFeeds),
    },
    incident: { withinMs: settings.incident_hours * HOUR_MS, overlap: settings.incident_overlap },
    parents,
    historyMs: settings.history_days * 24 * HOUR_MS,
    learningHours: settings.min_history_hours,
  };
}
