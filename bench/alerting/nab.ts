/**
 * `tidewatch detect`'s detector on the 48 series of the Numenta Anomaly Benchmark that are not tweet volumes.
 * Prints markdown: the three profiles, beside what others published; by category; leave-one-file-out.
 * Usage: npx tsx bench/alerting/nab.ts --nab FOLDER [--check] [--select] [--volumes]
 *   --check    our scorer against published per-file scores of the windowed Gaussian, and nothing else
 *   --select   leave one file out, leave one category out, over a grid of settings (minutes)
 *   --volumes  also score on synthetic 5-minute mention counts (volume_like.ts), at the thresholds of the 48
 */
import { parseArgs } from 'node:util';
import { createSeriesDetector, DETECT_RULES, type DetectRules } from '../../alerting/detect/detect.ts';
import { readCorpus, type LabelledSeries } from './nab_corpus.ts';
import { PEERS_RAW_STANDARD, WINDOWED_GAUSSIAN_STANDARD } from './nab_published.ts';
import { PROFILES, scoreCorpus, scoreFile, bestThreshold, type Profile, type ScoredSeries } from './nab_scorer.ts';
import { volumeLike } from './volume_like.ts';
import { certainByGaussian } from './windowed_gaussian.ts';

const { values: options } = parseArgs({
  options: {
    nab: { type: 'string', default: '../shared/data/nab' },
    check: { type: 'boolean', default: false },
    select: { type: 'boolean', default: false },
    volumes: { type: 'boolean', default: false },
  },
});

const STANDARD = PROFILES[0] as Profile;

/** One setting changed at a time, to both sides of what is used. */
const GRID: readonly (readonly [string, DetectRules])[] = [
  ['as shipped', DETECT_RULES],
  ['7 days', { ...DETECT_RULES, days: 7 }],
  ['21 days', { ...DETECT_RULES, days: 21 }],
  ['shapes of 12 rows', { ...DETECT_RULES, shapeRows: 12 }],
  ['shapes of 28 rows', { ...DETECT_RULES, shapeRows: 28 }],
  ['500 rows back', { ...DETECT_RULES, shapeMemory: 500 }],
  ['2,000 rows back', { ...DETECT_RULES, shapeMemory: 2000 }],
  ['rest 2%', { ...DETECT_RULES, rest: { ...DETECT_RULES.rest, share: 0.02 } }],
  ['rest 5%', { ...DETECT_RULES, rest: { ...DETECT_RULES.rest, share: 0.05 } }],
  ['beat by 0.05', { ...DETECT_RULES, rest: { ...DETECT_RULES.rest, beatUnremarkable: 0.05 } }],
  ['beat by 0.25', { ...DETECT_RULES, rest: { ...DETECT_RULES.rest, beatUnremarkable: 0.25 } }],
  ['beat a finding by 3', { ...DETECT_RULES, rest: { ...DETECT_RULES.rest, beatFinding: 3 } }],
  ['a finding from 2', { ...DETECT_RULES, rest: { ...DETECT_RULES.rest, finding: 2 } }],
  ['a finding from 3.5', { ...DETECT_RULES, rest: { ...DETECT_RULES.rest, finding: 3.5 } }],
  ['no rest', { ...DETECT_RULES, rest: { ...DETECT_RULES.rest, share: 0, leastRows: 0 } }],
];

function detect(series: LabelledSeries, rules: DetectRules): ScoredSeries {
  const detector = createSeriesDetector(rules);
  const scores = new Float64Array(series.values.length);
  for (let row = 0; row < scores.length; row += 1) {
    scores[row] = detector.score(series.times[row] ?? 0, series.values[row] ?? 0);
  }
  return { name: series.name, scores, windows: series.windows };
}

function say(cells: readonly (string | number)[]): void {
  console.log(`| ${cells.map((cell) => (typeof cell === 'number' ? cell.toFixed(1) : cell)).join(' | ')} |`);
}

function check(corpus: readonly LabelledSeries[]): void {
  console.log('\n## Our scorer on a windowed Gaussian of our own, against its published scores a file\n');
  say(['window', 'step', 'files equal to 6 digits', 'sum, ours', 'sum, published']);
  say(['---', '---', '---', '---', '---']);
  const published = Object.values(WINDOWED_GAUSSIAN_STANDARD).reduce((sum, score) => sum + score, 0);
  for (const [window, step] of [
    [6400, 100],
    [3000, 1],
    [2900, 250],
    [1000, 1],
  ] as const) {
    const scored = corpus.map(({ name, values, windows }) => ({
      name,
      windows,
      scores: certainByGaussian(values, { window, step }),
    }));
    const { raw, files } = scoreCorpus(scored, STANDARD, 1);
    const equal = files.filter(({ name, score }) => Math.abs(score - (WINDOWED_GAUSSIAN_STANDARD[name] ?? NaN)) < 1e-6);
    say([String(window), String(step), `${equal.length} of ${files.length}`, raw.toFixed(3), published.toFixed(3)]);
  }
}

function report(corpus: readonly LabelledSeries[]): void {
  const began = performance.now();
  const scored = corpus.map((series) => detect(series, DETECT_RULES));
  const seconds = (performance.now() - began) / 1000;
  const rows = corpus.reduce((sum, { values }) => sum + values.length, 0);
  const windows = corpus.reduce((sum, series) => sum + series.windows.length, 0);
  console.log(`\n## ${corpus.length} series, ${rows} rows, ${windows} windows, ${seconds.toFixed(1)} s\n`);
  say(['profile', 'threshold', 'score', 'windows found', 'false detections']);
  say(['---', '---', '---', '---', '---']);
  for (const profile of PROFILES) {
    const { threshold, normalised, files } = scoreCorpus(scored, profile);
    const found = files.reduce((sum, file) => sum + file.found, 0);
    const wrong = files.reduce((sum, file) => sum + file.falsePositives, 0);
    say([profile.name, threshold.toFixed(3), normalised, `${found} of ${windows}`, String(wrong)]);
  }
  console.log('\nOthers on the same 48, standard profile (from their published per-file scores):\n');
  say(['detector', 'score on the 48']);
  say(['---', '---']);
  for (const { name, total, tweets } of PEERS_RAW_STANDARD)
    say([name, (100 * (total - tweets + windows)) / (2 * windows)]);
  console.log('\nBy category, at the threshold of all:\n');
  say(['category', 'score', 'windows found', 'false detections']);
  say(['---', '---', '---', '---']);
  const { threshold } = scoreCorpus(scored, STANDARD);
  for (const category of new Set(corpus.map((series) => series.category))) {
    const part = scored.filter(({ name }) => name.startsWith(`${category}/`));
    const { normalised, files } = scoreCorpus(part, STANDARD, threshold);
    const all = files.reduce((sum, file) => sum + file.windows, 0);
    const found = files.reduce((sum, file) => sum + file.found, 0);
    const wrong = files.reduce((sum, file) => sum + file.falsePositives, 0);
    say([category, all === 0 ? '-' : normalised, `${found} of ${all}`, String(wrong)]);
  }
  if (!options.volumes) return;
  const volumes = volumeLike(10, 15_850, 7).map((series) => detect(series, DETECT_RULES));
  console.log('\nSynthetic mention counts, 10 series of 15,850 rows:\n');
  say(['profile', 'at the threshold of the 48', 'at its own']);
  say(['---', '---', '---']);
  for (const profile of PROFILES) {
    const from = scoreCorpus(scored, profile).threshold;
    say([profile.name, scoreCorpus(volumes, profile, from).normalised, scoreCorpus(volumes, profile).normalised]);
  }
}

/** Settings and threshold from all files but those left out; the score is that of the files left out. */
function leaveOut(
  variants: readonly (readonly [string, readonly ScoredSeries[]])[],
  isOut: (name: string, group: string) => boolean,
  groups: readonly string[],
): { score: number; chosen: Map<string, number> } {
  let raw = 0;
  const chosen = new Map<string, number>();
  for (const group of groups) {
    let best = { raw: -Infinity, label: '', threshold: 0, out: [] as readonly ScoredSeries[] };
    for (const [label, scored] of variants) {
      const kept = scored.filter(({ name }) => !isOut(name, group));
      const threshold = bestThreshold(kept, STANDARD);
      const sum = kept.reduce((total, series) => total + scoreFile(series, STANDARD, threshold).score, 0);
      if (sum > best.raw) best = { raw: sum, label, threshold, out: scored.filter(({ name }) => isOut(name, group)) };
    }
    for (const series of best.out) raw += scoreFile(series, STANDARD, best.threshold).score;
    chosen.set(best.label, (chosen.get(best.label) ?? 0) + 1);
  }
  const windows = (variants[0]?.[1] ?? []).reduce((sum, series) => sum + series.windows.length, 0);
  return { score: (100 * (raw + windows)) / (2 * windows), chosen };
}

function select(corpus: readonly LabelledSeries[]): void {
  console.log('\n## Settings, one changed at a time (standard profile, threshold from all 48)\n');
  say(['setting', 'standard', 'reward_low_FP', 'reward_low_FN']);
  say(['---', '---', '---', '---']);
  const variants = GRID.map(([label, rules]) => {
    const scored = corpus.map((series) => detect(series, rules));
    say([label, ...PROFILES.map((profile) => scoreCorpus(scored, profile).normalised)]);
    return [label, scored] as const;
  });
  const names = corpus.map(({ name }) => name);
  const categories = [...new Set(corpus.map(({ category }) => category))];
  const shipped = variants.slice(0, 1);
  console.log('\n## Left out (standard profile)\n');
  say(['left out', 'chosen on the rest', 'score of what was left out', 'settings chosen']);
  say(['---', '---', '---', '---']);
  for (const [kind, groups, isOut] of [
    ['each file', names, (name: string, group: string) => name === group],
    ['each category', categories, (name: string, group: string) => name.startsWith(`${group}/`)],
  ] as const) {
    for (const [what, over] of [
      ['threshold', shipped],
      ['settings and threshold', variants],
    ] as const) {
      const { score, chosen } = leaveOut(over, isOut, groups);
      say([kind, what, score, [...chosen].map(([label, times]) => `${label} x${times}`).join(', ')]);
    }
  }
}

const corpus = readCorpus(options.nab);
if (options.check) check(corpus);
else {
  report(corpus);
  if (options.select) select(corpus);
}
