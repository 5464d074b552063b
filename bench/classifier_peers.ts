/**
 * Labelling beside what people use instead, on the same weights and texts in the same run: transformers.js
 * (@huggingface/transformers, its text-classification pipeline) and a plain loop on ONNX Runtime that pads to the longest. In
 * short rounds by turns, because a machine is never alone; ratios are taken within a round, and their median is told.
 * Prints JSON. Usage: npx tsx bench/classifier_peers.ts --peers FOLDER --sample FILE.jsonl[.gz] [--sample ...] [--stream FILE]
 *   [--model FOLDER] [--peer-model FOLDER] [--rounds 9] [--texts 64] [--growth]
 * FOLDER of --peers is where `npm install @huggingface/transformers` was run. `--peer-model`: what the peers run in place of ours, such
 * as the model that ours was made smaller from. `--growth`: also by length and by size of call.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { loadArtifact, shippedModel } from '../classifier/artifact.ts';
import { createTokenizer } from '../classifier/tokenizer.ts';
import { modelText } from '../core/text.ts';
import { type Contender, openPlainLoop, openTidewatch, openTransformers } from './peers/contenders.ts';
import { writePlainFolders, type PlainFolders } from './peers/plain_graph.ts';
import { byTurns, measure, ratio, round, type Run, speed, tell } from './peers/turns.ts';

const { values: options } = parseArgs({
  options: {
    peers: { type: 'string' },
    sample: { type: 'string', multiple: true, default: [] },
    stream: { type: 'string' },
    model: { type: 'string', default: shippedModel('tidewatch-small') },
    'peer-model': { type: 'string' },
    rounds: { type: 'string', default: '9' },
    texts: { type: 'string', default: '64' },
    only: { type: 'string' },
    folders: { type: 'string' },
    growth: { type: 'boolean', default: false },
  },
});
const ROUNDS = Number(options.rounds);
const TEXTS = Number(options.texts);

function readTexts(path: string): string[] {
  const bytes = readFileSync(path);
  const lines = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8').trim().split('\n');
  return lines
    .map((line) => modelText(null, (JSON.parse(line) as { text: string }).text))
    .filter((text) => text !== '');
}

/** What is known so far, for who does not want to wait for the end. */
function progress(section: string, found: object): void {
  process.stderr.write(`${section} ${JSON.stringify(found)}\n`);
}

const folder = options.folders ?? mkdtempSync(join(tmpdir(), 'tidewatch-peers-'));
const folders: PlainFolders =
  options.folders === undefined
    ? writePlainFolders(resolve(options['peer-model'] ?? options.model), folder)
    : { plain: join(folder, 'plain'), fused: join(folder, 'fused') };
const GRAPHS = {
  'plain fp32': { folder: folders.plain, dtype: 'fp32', file: 'model.onnx' },
  'plain int8': { folder: folders.plain, dtype: 'q8', file: 'model_quantized.onnx' },
  "Tidewatch's graph": { folder: folders.fused, dtype: 'q8', file: 'model_quantized.onnx' },
} as const;
type GraphName = keyof typeof GRAPHS;
const transformers = (graph: GraphName, size: number): Promise<Contender> =>
  openTransformers(
    options.peers ?? '.',
    `transformers.js, ${graph}, by ${size}`,
    GRAPHS[graph].folder,
    GRAPHS[graph].dtype,
    size,
  );
const loop = (graph: GraphName, size: number): Promise<Contender> => {
  const { folder: own, file } = GRAPHS[graph];
  return openPlainLoop(options.model, `plain loop, ${graph}, by ${size}`, join(own, 'onnx', file), size);
};
const WHOLE = { cache_entries: 0, early_exit: 'off' } as const;

const distinct = [...new Set(options.sample.flatMap((path) => readTexts(path)))];
const step = distinct.length / (TEXTS * ROUNDS);
/** Other texts each round, at even steps over all samples. */
const textsOf = (turn: number): string[] =>
  Array.from({ length: TEXTS }, (_, index) => distinct[Math.floor((index * ROUNDS + turn) * step)] ?? '');

if (options.only !== undefined) {
  const before = process.memoryUsage().rss;
  const contender =
    options.only === 'tidewatch'
      ? await openTidewatch(options.model, 'tidewatch', 256, WHOLE)
      : await transformers(options.only as GraphName, 32);
  for (let turn = 0; turn < 3; turn += 1) await measure(contender, textsOf(turn));
  const megabytes = (bytes: number): number => Math.round(bytes / 1e6);
  console.log(JSON.stringify({ started: megabytes(before), peak: megabytes(peakMemory()) }));
  process.exit();
}

const load = loadavg()[0] ?? 0;
// First each way of the peers in few rounds; then all but the slow ones against ours in all, and the best of them by those is the peer.
const tried: Contender[] = [];
for (const graph of Object.keys(GRAPHS) as GraphName[]) {
  const one = await transformers(graph, 1);
  for (const size of [1, 8, 32]) tried.push({ ...one, size, name: one.name.replace(/1$/, String(size)) });
  tried.push(await loop(graph, 32));
}
const ways = await byTurns(tried, 2, (turn) => textsOf(turn).slice(0, 32));
progress('ways_of_the_peers', tell(ways));
const quickest = Math.max(...tried.map(({ name }) => speed(ways.get(name))));
const rivals = tried.filter(({ name }) => speed(ways.get(name)) >= quickest / 3);
const single = await openTidewatch(options.model, 'Tidewatch, one by one', 1, WHOLE);
const stream = await openTidewatch(options.model, 'Tidewatch, deliveries of 256', 256, WHOLE);
const artifact = await loadArtifact(options.model);
const leaving =
  'exit' in artifact.graphs
    ? await openTidewatch(options.model, 'Tidewatch, early exit', 256, { cache_entries: 0 })
    : null;

const runs = await byTurns([stream, single, ...rivals, ...(leaving === null ? [] : [leaving])], ROUNDS, textsOf);
progress('contenders', tell(runs));
const fastest = (fits: (name: string, size: number) => boolean): Contender | null =>
  rivals
    .filter(({ name, size }) => fits(name, size))
    .reduce<Contender | null>(
      (best, own) => (best === null || speed(runs.get(own.name)) > speed(runs.get(best.name)) ? own : best),
      null,
    );
const isTransformers = (name: string): boolean => name.startsWith('transformers.js');
const peer = fastest((name) => isTransformers(name) && !name.includes('Tidewatch')) ?? (rivals[0] as Contender);
const peerOnOurs = fastest((name) => isTransformers(name) && name.includes('Tidewatch')) ?? peer;
const alone = fastest((name, size) => isTransformers(name) && !name.includes('Tidewatch') && size === 1) ?? peer;
const plain = fastest((name) => name.startsWith('plain loop')) ?? peer;
const of = (contender: Contender): Run[] => runs.get(contender.name) ?? [];
const agree = (a: Contender, b: Contender): number => {
  const [one, two] = [of(a).flatMap(({ labels }) => labels), of(b).flatMap(({ labels }) => labels)];
  return round(one.filter((label, index) => label === two[index]).length / one.length, 3);
};

const lengths = options.growth ? await byLength([stream, peer]) : null;
const sizes: Record<string, object> = {};
for (const size of options.growth ? [1, 4, 16, 64] : []) {
  const own = await byTurns(
    [
      { ...stream, size },
      { ...peer, size },
    ],
    3,
    textsOf,
  );
  sizes[`${size} a call`] = Object.fromEntries([...own].map(([name, each]) => [name, round(speed(each))]));
}

/** Bytes. On Linux of this process alone: what getrusage tells begins at the parent's, which held all the contenders. */
function peakMemory(): number {
  try {
    return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024;
  } catch {
    return process.resourceUsage().maxRSS * 1024;
  }
}

/** Texts of a given length in tokens, made of real ones put one after another. */
async function byLength(pair: readonly Contender[]): Promise<object> {
  const tokenizer = createTokenizer(JSON.parse(readFileSync(artifact.tokenizerFile, 'utf8')), artifact.maxLength);
  const grown = (texts: readonly string[], tokens: number): string[] =>
    texts.slice(0, 16).map((_, index) => {
      let text = '';
      for (let next = index; tokenizer.encode(text).length < tokens; next += 1) {
        for (const word of (texts[next % texts.length] ?? '').split(' ')) {
          if (tokenizer.encode(text).length >= tokens) break;
          text = `${text} ${word}`;
        }
      }
      return text;
    });
  const told: Record<string, object> = {};
  for (const tokens of [8, 16, 32, 64, 128]) {
    const own = await byTurns(pair, 3, (turn) => grown(textsOf(turn), tokens));
    told[`about ${tokens} tokens`] = Object.fromEntries([...own].map(([name, each]) => [name, round(speed(each))]));
  }
  return told;
}

/** A stream as it came, duplicates and all, with early exit where the model has one, and with the memory of texts. */
async function onStream(path: string): Promise<object> {
  const all = readTexts(path);
  const part = TEXTS * 4;
  const from = Math.floor(all.length / 2);
  const warm = all.slice(from - 20_000, from);
  const ours = await openTidewatch(options.model, 'Tidewatch, exit and memory', part, { cache_entries: 20_000 });
  const seen = new Set(warm);
  // The memory is as full as it would be; only what was seen is told, so nothing of the measured texts is known before.
  const known = (text: string): boolean => seen.has(text) || !seen.add(text);
  const repeated = [...new Set(warm)].filter((text) => all.slice(from, from + part * ROUNDS).includes(text));
  for (let at = 0; at < repeated.length; at += part) await ours.label(repeated.slice(at, at + part));
  const slice = (turn: number): string[] => all.slice(from + turn * part, from + (turn + 1) * part);
  const cached = Array.from({ length: ROUNDS }, (_, turn) => slice(turn))
    .flat()
    .map(known);
  const [mine, theirs]: [Run[], Run[]] = [[], []];
  for (let turn = 0; turn < ROUNDS; turn += 1) {
    mine.push(await measure(ours, slice(turn)));
    theirs.push(
      await measure(
        peer,
        slice(turn).filter((_, index) => index % 4 === 0),
      ),
    );
  }
  await ours.close();
  return {
    texts: cached.length,
    answered_from_memory: round(cached.filter(Boolean).length / cached.length, 3),
    tidewatch: round(speed(mine)),
    peer: round(speed(theirs)),
    ratio: ratio(mine, theirs),
  };
}
const onDuplicates = options.stream === undefined ? null : await onStream(options.stream);
progress('stream_with_duplicates', onDuplicates ?? {});
for (const close of new Set([...tried, stream, single].map((contender) => contender.close))) await close();
await leaving?.close();

const memoryOf = (only: string): unknown => {
  const samples = options.sample.flatMap((path) => ['--sample', path]);
  const same = [
    '--model',
    options.model,
    '--peers',
    options.peers ?? '',
    '--folders',
    folder,
    '--only',
    only,
    ...samples,
  ];
  const script = [...process.execArgv, process.argv[1] ?? '', ...same];
  return JSON.parse(execFileSync(process.execPath, script, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
};
const memory = {
  tidewatch: memoryOf('tidewatch'),
  [`transformers.js, ${peer.name.split(', ')[1] ?? ''}`]: memoryOf(peer.name.split(', ')[1] ?? ''),
};
rmSync(folder, { recursive: true, force: true });

console.log(
  JSON.stringify(
    {
      model: artifact.model,
      machine: `${cpus()[0]?.model.trim() ?? 'unknown'}, ${availableParallelism()} cores, Node ${process.versions.node}`,
      load_average: { before: round(load), after: round(loadavg()[0] ?? 0) },
      rounds: ROUNDS,
      texts_a_round: TEXTS,
      characters_a_text: Math.round(textsOf(0).reduce((sum, text) => sum + text.length, 0) / TEXTS),
      ways_of_the_peers: tell(ways),
      contenders: tell(runs),
      ratios: {
        [`deliveries / ${peer.name}`]: ratio(of(stream), of(peer)),
        [`deliveries / ${peerOnOurs.name}`]: ratio(of(stream), of(peerOnOurs)),
        [`deliveries / ${plain.name}`]: ratio(of(stream), of(plain)),
        [`one by one / ${alone.name}`]: ratio(of(single), of(alone)),
        ...(leaving === null ? {} : { [`early exit / ${peer.name}`]: ratio(of(leaving), of(peer)) }),
      },
      same_sentiment: {
        [peer.name]: agree(stream, peer),
        ...(leaving === null ? {} : { 'early exit': agree(stream, leaving) }),
      },
      by_length: lengths,
      by_size_of_call: sizes,
      stream_with_duplicates: onDuplicates,
      memory_mb: memory,
    },
    null,
    2,
  ),
);
