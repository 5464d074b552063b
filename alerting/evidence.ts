/**
 * What an alert shows: the stories that drove it, the words that tell them from the usual, whose words they are, what they
 * are about, how sure the labels are, the past as a chart, and one sentence in English and in Chinese. Stories come most
 * telling first, one document each, and not more than ten: a reader opens three, and Slack and webhooks have limits.
 */
import { isoTime, type Alert, type Evidence } from '../core/event.ts';
import { tellingWords } from '../core/telling_words.ts';
import type { Background } from './background.ts';
import type { Baseline } from './baseline.ts';
import type { Judgement } from './detector.ts';
import { voiceOf, type Observation } from './observation.ts';
import { intervalOf } from './prediction.ts';
import type { SeriesWindow } from './window.ts';

const MOST_DOCUMENTS = 10;
const MOST_NAMED = 5;
const TOP_AUTHORS = 3;
const LOW_CONFIDENCE = 0.6;
/** Two weeks of windows of 8 hours. */
const MOST_POINTS = 42;

export function drivingDocuments(
  stories: readonly Observation[],
  copies: ReadonlyMap<string, number>,
): Alert['documents'] {
  const documents: Alert['documents'] = [];
  for (const { id, story, time, probability, shown } of stories) {
    if (shown === null) continue;
    documents.push({
      id,
      story,
      ...shown,
      published_at: isoTime(time),
      negative: probability,
      copies: copies.get(story) ?? 0,
    });
    if (documents.length === MOST_DOCUMENTS) break;
  }
  return documents;
}

/** Everything an alert says beside its documents. `names` are the series' own, in both languages. */
export function evidenceOf(
  window: SeriesWindow,
  baseline: Baseline,
  judgement: Judgement,
  background: Background,
  name: DisplayName,
): Evidence {
  const { stories } = judgement;
  return {
    window_start: isoTime(window.start),
    window_end: isoTime(window.end),
    words: wordsAbout(stories, window, background, name),
    authors: concentration(stories, window.copies),
    sources: most(stories, ({ source }) => source).map(([source, count]) => ({ source, stories: count })),
    topics: most(stories, ({ topic }) => topic).map(([topic, count]) => ({ topic, stories: count })),
    events: most(stories, ({ event }) => event).map(([event, count]) => ({ event, stories: count })),
    certainty: certaintyOf(stories),
    chart: chartOf(window, baseline, judgement),
  };
}

function wordsAbout(
  stories: readonly Observation[],
  { start }: SeriesWindow,
  background: Background,
  name: DisplayName,
): Evidence['words'] {
  return (['en', 'zh'] as const).flatMap((language) => {
    const texts = stories.flatMap(({ shown }) => (shown?.language === language ? [shown.title] : []));
    const usual = (background.get(language) ?? []).filter(({ time }) => time < start).map(({ title }) => title);
    return tellingWords(texts, usual, language, [name.en, name.zh]);
  });
}

/**
 * Shares of documents by who is shown as their author, copies counted for who brought the story first: a name at two outlets is one line,
 * and so are the unsigned stories of one. Herfindahl's index is the sum of their squares.
 */
function concentration(stories: readonly Observation[], copies: ReadonlyMap<string, number>): Evidence['authors'] {
  const documents = new Map<string, number>();
  let total = 0;
  for (const one of stories) {
    const count = 1 + (copies.get(one.story) ?? 0);
    const voice = voiceOf(one);
    documents.set(voice, (documents.get(voice) ?? 0) + count);
    total += count;
  }
  const shares = [...documents]
    .map(([author, count]) => ({ author, share: count / Math.max(1, total) }))
    .sort((a, b) => b.share - a.share || (a.author < b.author ? -1 : 1));
  const top = shares.slice(0, TOP_AUTHORS);
  return {
    top,
    top_share: Math.min(
      1,
      top.reduce((sum, { share }) => sum + share, 0),
    ),
    hhi: Math.min(
      1,
      shares.reduce((sum, { share }) => sum + share * share, 0),
    ),
  };
}

function most(stories: readonly Observation[], key: (one: Observation) => string | null): [string, number][] {
  const counts = new Map<string, number>();
  for (const one of stories) {
    const name = key(one);
    if (name !== null) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].sort(([a, more], [b, fewer]) => fewer - more || (a < b ? -1 : 1)).slice(0, MOST_NAMED);
}

function certaintyOf(stories: readonly Observation[]): Evidence['certainty'] {
  const mean = (value: (one: Observation) => number): number =>
    stories.length === 0 ? 0 : Math.min(1, stories.reduce((sum, one) => sum + value(one), 0) / stories.length);
  return {
    mean_negative: mean(({ probability }) => probability),
    mean_confidence: mean(({ confidence }) => confidence),
    low_confidence_share: mean(({ confidence }) => (confidence < LOW_CONFIDENCE ? 1 : 0)),
  };
}

/** Past blocks with what today's level expects of each, then the judged window. For a share, the negative stories behind it. */
function chartOf(window: SeriesWindow, baseline: Baseline, { measure }: Judgement): Evidence['chart'] {
  const all = measure === 'stories';
  const ahead = all ? baseline.stories : baseline.negative;
  const point = (start: number, end: number, observed: number, expected: number, lift: number) => ({
    start: isoTime(start),
    end: isoTime(end),
    observed: rounded(Math.max(0, observed)),
    expected: rounded(Math.max(0, expected)),
    ...intervalOf({ expected, lift, variance: (expected + lift) * ahead.dispersion }),
  });
  const length = window.end - window.start;
  const past = baseline.blocks
    .slice(-MOST_POINTS)
    .map((block) =>
      point(
        block.start,
        block.start + length,
        all ? block.stories : Math.min(block.negative, block.stories),
        all ? block.expectedStories : block.expected,
        all ? 0 : block.lift,
      ),
    );
  return [
    ...past,
    point(
      window.start,
      window.end,
      all ? window.stories : Math.min(window.negative, window.stories),
      ahead.expected,
      ahead.lift,
    ),
  ];
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}

export interface DisplayName {
  readonly en: string;
  readonly zh: string;
}

/** One sentence a language: what was counted, what was expected; and for a resolved alert, that it is over. */
export function summarize(
  name: DisplayName,
  judgement: Pick<Judgement, 'observed' | 'expected' | 'interval' | 'measure'>,
  hours: number,
  state: Alert['state'],
): Alert['summary'] {
  const { observed, expected, interval, measure } = judgement;
  const [low, high] = [Math.round(interval.low), Math.round(interval.high)];
  const { en, zh } = {
    negative: {
      en: `${counted(observed)} negative stories in ${hours} h where ${counted(expected)} were expected (95% interval ${low} to ${high})`,
      zh: `${hours}小时内${counted(observed)}条负面报道，预期${counted(expected)}条（95%区间${low}至${high}条）`,
    },
    stories: {
      en: `${counted(observed)} stories in ${hours} h where ${counted(expected)} were expected (95% interval ${low} to ${high})`,
      zh: `${hours}小时内${counted(observed)}条报道，预期${counted(expected)}条（95%区间${low}至${high}条）`,
    },
    share: {
      en: `${counted(observed)}% of one side negative in ${hours} h where ${counted(expected)}% were expected (95% interval ${low}% to ${high}%)`,
      zh: `${hours}小时内一方负面占比${counted(observed)}%，预期${counted(expected)}%（95%区间${low}%至${high}%）`,
    },
  }[measure];
  return state === 'resolved'
    ? { en: `${name.en}: back to normal; at its peak ${en}`, zh: `${name.zh}：已恢复正常；高峰时${zh}` }
    : { en: `${name.en}: ${en}`, zh: `${name.zh}：${zh}` };
}

/** Whole numbers from 10 on, else one decimal: 17.6 reads 18, 2.13 reads 2.1. */
function counted(value: number): string {
  return value >= 10 ? String(Math.round(value)) : value.toFixed(1);
}
