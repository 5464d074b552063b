/**
 * Surges of negative opinion: the real alerting core beside what people use today, on the same seeded streams, at the
 * same number of false alerts. Prints markdown. Truth, rules of scoring and peers are in surge_*.ts beside this file.
 * Usage: npx tsx bench/alerting/surges.ts [--seeds 201,202] [--entities N] [--days N] [--sweep]
 */
import { parseArgs } from 'node:util';
import { rollingDeviation, seasonalHybridEsd, spikeRatio, staticThreshold, type Peer } from './surge_peers.ts';
import {
  falsePerMonth,
  firings,
  medianDelay,
  newTally,
  recallOf,
  tallyAlerts,
  type Raised,
  type Tally,
} from './surge_scoring.ts';
import { HOUR, SIZES, START, surgeStream, type SurgeStream } from './surge_stream.ts';
import { alertsOf, type Changed } from './surge_watch.ts';

const { values: options } = parseArgs({
  options: {
    seeds: { type: 'string', default: '201,202' },
    entities: { type: 'string', default: '24' },
    days: { type: 'string', default: '84' },
    sweep: { type: 'boolean', default: false },
  },
});

const PEERS: readonly { readonly peer: Peer; readonly usual: number }[] = [
  { peer: staticThreshold(1), usual: 10 },
  { peer: staticThreshold(8), usual: 20 },
  { peer: rollingDeviation(1), usual: 3 },
  { peer: rollingDeviation(8), usual: 3 },
  { peer: spikeRatio(1, 3), usual: 3 },
  { peer: spikeRatio(8, 6), usual: 3 },
  { peer: spikeRatio(24, 6), usual: 3 },
  { peer: seasonalHybridEsd(), usual: -Math.log10(0.05) },
];

/** Where our own trade-off is looked at: false alerts allowed in a month over all series, the fixed bar let down. */
const SWEEP: readonly (readonly [string, Changed])[] = [10, 100].map((allowed) => [
  `${allowed} a month allowed, fire_score 2`,
  {
    false_alerts_per_month: allowed,
    clear_score: 1,
    detectors: [{ type: 'surge', name: 'surge', fire_score: 2 }],
  },
]);

type Counts = Map<string, Float64Array>;

/** Posts an hour that the labeller calls negative; with `stories`, a story once in eight hours and an author twice. */
function hourlyCounts(stream: SurgeStream, stories: boolean): Counts {
  const counts: Counts = new Map(stream.entities.map((entity) => [entity, new Float64Array(stream.days * 24)]));
  const lastOfStory = new Map<string, number>();
  const ofAuthor = new Map<string, number[]>();
  for (const post of stream.posts) {
    const hour = Math.floor((post.time - START) / HOUR);
    const hours = counts.get(post.entity);
    if (post.negative < 0.5 || hours === undefined || hour >= hours.length) continue;
    if (stories) {
      const since = post.time - (lastOfStory.get(post.story) ?? -Infinity);
      if (since < 8 * HOUR) continue;
      const recent = (ofAuthor.get(post.author) ?? []).filter((time) => post.time - time < 8 * HOUR);
      if (recent.length >= 2) continue;
      lastOfStory.set(post.story, post.time);
      ofAuthor.set(post.author, [...recent, post.time]);
    }
    hours[hour] = (hours[hour] ?? 0) + 1;
  }
  return counts;
}

type Strengths = readonly (readonly [SurgeStream, ReadonlyMap<string, Float64Array>])[];

function strengthsOf(peer: Peer, inputs: readonly (readonly [SurgeStream, Counts])[]): Strengths {
  return inputs.map(([stream, counts]) => [
    stream,
    new Map([...counts].map(([entity, hours]) => [entity, peer.strengths(hours)])),
  ]);
}

function tallyAt(strengths: Strengths, threshold: number): Tally {
  const tally = newTally();
  for (const [stream, series] of strengths) {
    const alerts: Raised[] = [...series].flatMap(([entity, hours]) =>
      firings(hours, threshold).map((hour) => ({ entity, at: START + (hour + 1) * HOUR })),
    );
    tallyAlerts(tally, stream, alerts);
  }
  return tally;
}

/** The lowest threshold, so the most found, with no more false alerts than allowed. */
function thresholdFor(strengths: Strengths, allowed: number): number {
  const all = strengths.flatMap(([, series]) =>
    [...series.values()].flatMap((hours) => [...hours].filter((one) => one > 0)),
  );
  all.sort((a, b) => a - b);
  const candidates = [
    ...new Set(
      Array.from({ length: 400 }, (_, index) => all[Math.floor(all.length * (1 - (1 - index / 400) ** 3))] ?? 0),
    ),
    (all.at(-1) ?? 0) + 1,
  ];
  return candidates.find((threshold) => falsePerMonth(tallyAt(strengths, threshold)) <= allowed) ?? Infinity;
}

const HEAD = ['', 'threshold', 'false a series-month', 'recall', ...SIZES, 'median delay, h', 'false by cause'];

function say(cells: readonly string[]): void {
  console.log(`| ${cells.join(' | ')} |`);
}

function row(name: string, threshold: string, tally: Tally): void {
  const causes = [...tally.falseAlerts].sort(([, a], [, b]) => b - a).map(([cause, count]) => `${cause} ${count}`);
  const percent = (share: number): string => `${(100 * share).toFixed(0)}%`;
  say([
    name,
    threshold,
    falsePerMonth(tally).toFixed(3),
    percent(recallOf(tally)),
    ...SIZES.map((size) => percent(recallOf(tally, [size]))),
    medianDelay(tally).toFixed(1),
    causes.join(', ') || 'none',
  ]);
}

const streams = options.seeds
  .split(',')
  .map((seed) => surgeStream(Number(seed), Number(options.entities), Number(options.days)));
const posts = streams.reduce((sum, stream) => sum + stream.posts.length, 0);
const began = performance.now();

async function ours(change: Changed): Promise<Tally> {
  const tally = newTally();
  for (const stream of streams) tallyAlerts(tally, stream, await alertsOf(stream, change));
  return tally;
}

const own = await ours({});
const seconds = (performance.now() - began) / 1000;
const surges = SIZES.reduce((sum, size) => sum + own.surges[size], 0);
console.log(
  `\n${streams.length} streams, ${posts} posts, ${own.months.toFixed(0)} series-months, ${surges} surges; ours took ${seconds.toFixed(0)} s\n`,
);
const allowed = falsePerMonth(own);
for (const stories of [false, true]) {
  console.log(
    stories
      ? '\nPeers given our counted stories (copies and loud authors left out):\n'
      : 'Peers given the posts that the labeller calls negative:\n',
  );
  say(HEAD);
  say(HEAD.map(() => '---'));
  row('Tidewatch, as shipped', 'default', own);
  const inputs = streams.map((stream) => [stream, hourlyCounts(stream, stories)] as const);
  for (const { peer, usual } of PEERS) {
    const strengths = strengthsOf(peer, inputs);
    const threshold = thresholdFor(strengths, allowed);
    row(peer.name, threshold.toFixed(2), tallyAt(strengths, threshold));
    if (!stories) row(`${peer.name}, as usually set`, usual.toFixed(2), tallyAt(strengths, usual));
  }
}
if (options.sweep) {
  console.log('\nOur own trade-off, and the best peer at the same false alerts, given posts or our counted stories:\n');
  say(HEAD);
  say(HEAD.map(() => '---'));
  const all = [false, true].flatMap((stories) => {
    const inputs = streams.map((stream) => [stream, hourlyCounts(stream, stories)] as const);
    return PEERS.map(({ peer }) => [`${peer.name}${stories ? ', stories' : ''}`, strengthsOf(peer, inputs)] as const);
  });
  for (const [label, change] of SWEEP) {
    const tally = await ours(change);
    row('Tidewatch', label, tally);
    const best = all
      .map(([name, strengths]) => {
        const threshold = thresholdFor(strengths, falsePerMonth(tally));
        return { name, threshold, tally: tallyAt(strengths, threshold) };
      })
      .sort((a, b) => recallOf(b.tally) - recallOf(a.tally))[0];
    if (best !== undefined) row(`best peer: ${best.name}`, best.threshold.toFixed(2), best.tally);
  }
}
