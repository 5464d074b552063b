/**
 * Threshold: a fixed number of negative stories, or a fixed share of them, as somebody decided. No statistic, so no p-value,
 * and no false-discovery control: the number is its author's answer to how often it may cry. Where to use it: "tell me when
 * ten stories on this name are negative, whatever is usual". Its score is 4 at the threshold and grows in proportion, so
 * that clear_score and critical_score keep their meaning: under half the threshold clears.
 */
import { z } from 'zod';
import { defineComponent } from '../../core/component.ts';
import type { Series } from '../../core/event.ts';
import type { Baseline } from '../baseline.ts';
import type { Detector, Judgement } from '../detector.ts';
import { decimal, percent } from '../phrases.ts';
import { enough, negativeSupport, supportSettings } from '../support.ts';
import type { SeriesWindow } from '../window.ts';
import { leftOut } from './surge.ts';

const settings = z.object({
  min_negative: z.number().gt(0).default(10).describe('Negative stories in the window from which it is anomalous.'),
  min_share: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .describe('Share of negative stories that must be reached as well; 0 asks for none.'),
  kinds: z
    .array(z.enum(['entity', 'entity_topic', 'topic', 'source_class', 'language']))
    .min(1)
    .default(['entity'])
    .describe('Kinds of series that it watches: one number fits no two kinds.'),
  ...supportSettings('negative stories', { stories: 3, authors: 3 }),
});

type Settings = z.output<typeof settings>;

const SCORE_AT_THRESHOLD = 4;

export function createThreshold(name: string, rules: Settings): Detector {
  return {
    name,
    mayFire: ({ series, negative, leaning }) =>
      watches(rules, series) && negative >= rules.min_negative && leaning >= rules.min_stories - 1e-9,
    evaluate: (window, baseline) => judge(window, baseline, rules),
  };
}

function watches({ kinds }: Settings, { kind }: Series): boolean {
  return kinds.some((one) => one === kind);
}

function judge(window: SeriesWindow, baseline: Baseline, rules: Settings): Judgement {
  const observed = Math.max(0, window.negative);
  const observedShare = window.stories === 0 ? 0 : Math.min(1, observed / window.stories);
  const many = observed >= rules.min_negative;
  const share = observedShare >= rules.min_share;
  // Asked all the same by explain, and while an alert lives from before the kind left the settings: a score of 0 ends that.
  const watched = watches(rules, window.series);
  const support = enough(negativeSupport(window), rules, 'negative stories');
  const hours = (window.end - window.start) / 3_600_000;
  return {
    measure: 'negative',
    hours,
    observed,
    expected: rules.min_negative,
    interval: { low: 0, high: rules.min_negative },
    observedShare,
    expectedShare: baseline.expectedShare,
    score: watched ? (SCORE_AT_THRESHOLD * observed) / rules.min_negative : 0,
    pValue: null,
    anomalous: watched && many && share && support.holds,
    reasons: [
      ...(watched
        ? []
        : [`It does not watch series of kind ${window.series.kind}: its kinds are ${rules.kinds.join(', ')}.`]),
      `${decimal(observed)} negative stories in ${hours} h; ${many ? 'at or above' : 'below'} ${rules.min_negative}.`,
      ...(rules.min_share > 0
        ? [`${percent(observedShare)} are negative; ${share ? 'at or above' : 'below'} ${percent(rules.min_share)}.`]
        : []),
      support.reason,
      ...leftOut(window),
    ],
    stories: window.driving,
  };
}

export const threshold = defineComponent({
  name: 'threshold',
  summary: 'A fixed number or share of negative stories in the window.',
  settings,
  create: (values, { name }): Detector => createThreshold(name, values),
});
