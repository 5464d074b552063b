/**
 * Repeats the backtests of docs/backtests.md, one feed after the other, and prints a line for each. Labels are cached in the
 * output folder by model, so a second run takes a minute. The Chinese watchlist is made here from the feed's own codes and
 * names, and the headlines that the model has seen in training are split off, so that they can be told apart.
 * Usage: npx tsx scripts/backtests.ts [--data ../shared/data] [--out tidewatch-backtests] [--only crypto,headlines] [--set PATH=A] [--sweep PATH=A,B]
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';

const { values: options } = parseArgs({
  options: {
    data: { type: 'string', default: '../shared/data' },
    out: { type: 'string', default: 'tidewatch-backtests' },
    only: { type: 'string', default: 'crypto,headlines,xueqiu-unseen,xueqiu,stocknet' },
    set: { type: 'string', multiple: true, default: [] },
    sweep: { type: 'string', multiple: true, default: [] },
  },
});
const data = resolve(options.data);
const out = resolve(options.out);
const feeds = join(data, 'feeds');
const settings = (name: string): string => join('examples', 'backtests', name);
const XUEQIU = join(feeds, 'xueqiu_titles_zh_2016_2019.jsonl.gz');

const command = (feed: string, config: string, ...more: string[]): string[] => [
  '--feed',
  feed,
  '--config',
  settings(config),
  ...more,
];

const RUNS: Readonly<Record<string, readonly string[]>> = {
  crypto: command(join(feeds, 'crypto.jsonl.gz'), 'crypto.yaml', '--events', settings('crypto.events.jsonl')),
  headlines: command(
    join(feeds, 'headlines_2018_2020.jsonl.gz'),
    'headlines.yaml',
    '--events',
    join(feeds, 'headlines_2018_2020.events.jsonl'),
  ),
  stocknet: command(
    join(feeds, 'stocknet_2014_2016.jsonl.gz'),
    'stocknet.yaml',
    '--source-class',
    'social',
    '--events',
    join(feeds, 'stocknet_2014_2016.drops.jsonl'),
  ),
  xueqiu: command(XUEQIU, 'xueqiu.yaml'),
  'xueqiu-unseen': command(join(out, 'xueqiu-unseen.jsonl'), 'xueqiu.yaml'),
};

interface Line {
  readonly text: string;
  readonly tickers?: readonly string[];
  readonly entities?: readonly { readonly target: string }[];
}

const linesOf = (text: string): string[] => text.split('\n').filter((line) => line !== '');
/** How texts are compared: the same words in another width or spacing are the same text. */
const normal = (text: string): string => text.normalize('NFKC').replaceAll(/\s+/g, ' ').trim().toLowerCase();

/** Every text of the labelled sets of one split. */
async function textsOf(split: 'train' | 'dev'): Promise<Set<string>> {
  const folder = join(data, 'labelled', split);
  const texts = new Set<string>();
  for (const file of await readdir(folder)) {
    for (const line of linesOf(await readFile(join(folder, file), 'utf8'))) {
      texts.add(normal((JSON.parse(line) as Line).text));
    }
  }
  return texts;
}

async function cli(given: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, ['--import', 'tsx', join('app', 'cli.ts'), ...given], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const code = await new Promise<number | null>((done) => child.once('close', done));
  if (code !== 0) throw new Error(`${given.slice(0, 2).join(' ')} ended with ${code}`);
}

async function prepareXueqiu(): Promise<void> {
  const lines = linesOf(gunzipSync(await readFile(XUEQIU)).toString('utf8'));
  const names = new Map<string, Set<string>>();
  for (const line of lines) {
    const { tickers = [], entities = [] } = JSON.parse(line) as Line;
    const [code] = tickers;
    const [name] = entities;
    if (code !== undefined && name !== undefined) names.set(code, (names.get(code) ?? new Set()).add(name.target));
  }
  const rows = [...names].flatMap(([code, known]) =>
    [...known].map((name) => `${code},"${name.replaceAll('"', '""')}"`),
  );
  const list = join(out, 'xueqiu-codes.csv');
  await writeFile(list, `code,name\n${rows.join('\n')}\n`);
  await cli(['entities', 'import', list, '--from', 'csv', '--output', settings('xueqiu-watchlist.yaml')]);
  const [train, dev] = [await textsOf('train'), await textsOf('dev')];
  const textOf = (line: string): string => normal((JSON.parse(line) as Line).text);
  const unseen = lines.filter((line) => !train.has(textOf(line)));
  await writeFile(join(out, 'xueqiu-unseen.jsonl'), `${unseen.join('\n')}\n`);
  const inDev = unseen.filter((line) => dev.has(textOf(line))).length;
  console.log(
    `xueqiu: ${lines.length} titles, ${unseen.length} not trained on, ${inDev} of those in the development set`,
  );
}

await mkdir(out, { recursive: true });
const chosen = options.only.split(',');
if (chosen.some((name) => name.startsWith('xueqiu'))) await prepareXueqiu();
for (const name of chosen) {
  const run = RUNS[name];
  if (run === undefined) throw new Error(`--only: ${name} is none of ${Object.keys(RUNS).join(', ')}`);
  const report = join(out, name);
  const changed = options.set.flatMap((one) => ['--set', one]);
  const sweep = options.sweep.flatMap((one) => ['--sweep', one]);
  await cli(['backtest', ...run, ...changed, ...sweep, '--cache', join(out, 'labels'), '--report', report]);
  if (existsSync(join(report, 'index.html'))) console.log(`${name}: ${join(report, 'index.html')}`);
}
