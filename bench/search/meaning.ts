/**
 * How well meaning finds a translation: bench/search/parallel.tsv (100 headlines of our own, each in English and Chinese)
 * among strangers of the other language, by the embeddings as they are served and stored. Prints a table.
 * npx tsx bench/search/meaning.ts [--model DIR] [--data ../shared/data/labelled] [--strangers 1500]
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openBackend } from '../../app/backend.ts';
import { classifierSettings } from '../../classifier/settings.ts';
import { cosine, type Vector } from '../../core/search/vector.ts';
import { hashTerm, termsOf } from '../../core/search/terms.ts';
import { modelText } from '../../core/text.ts';

const { values } = parseArgs({
  options: {
    model: { type: 'string' },
    data: { type: 'string', default: '../shared/data/labelled' },
    strangers: { type: 'string', default: '1500' },
  },
});
const most = Number(values.strangers);
const pairs = readFileSync(new URL('parallel.tsv', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => line.split('\t'))
  .map(([part = '', en = '', zh = '']) => ({ part, en, zh }));

function strangers(sets: readonly string[]): string[] {
  const texts = sets.flatMap((set) => {
    const file = join(values.data, 'dev', `${set}.jsonl`);
    if (!existsSync(file)) return [];
    return readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => (JSON.parse(line) as { text: string }).text);
  });
  const kept = texts.filter((text) => text.length >= 8 && text.length <= 300);
  // Evenly over all sets, so that no set fills the list alone.
  const stride = Math.max(1, Math.floor(kept.length / most));
  return kept.filter((_, index) => index % stride === 0).slice(0, most);
}

const settings = classifierSettings.parse({
  backend: { type: 'onnx', ...(values.model !== undefined && { model: values.model }) },
});
const { backend, close } = await openBackend({ settings });
const embed = async (texts: readonly string[]): Promise<Vector[]> =>
  (await backend.classify(texts.map((text) => modelText(null, text)))).map(
    (labels) => labels.embedding ?? new Int8Array(),
  );

const pools = {
  en: strangers(['sentfin', 'tfn_topic', 'tfns']),
  zh: strangers(['finnl', 'xueqiu_titles', 'finese', 'finnsp']),
};
const vectors = {
  en: await embed([...pairs.map(({ en }) => en), ...pools.en]),
  zh: await embed([...pairs.map(({ zh }) => zh), ...pools.zh]),
};
await close();
console.log(`${backend.model}; strangers: ${pools.en.length} English, ${pools.zh.length} Chinese`);

/** Place of the translation of each pair, 0 the first, by a likeness of two texts. */
function places(part: string, from: 'en' | 'zh', to: 'en' | 'zh'): number[] {
  const members = pairs.flatMap((pair, index) => (pair.part === part ? [index] : []));
  const others = [...members, ...vectors[to].keys()].filter(
    (index, at) => at < members.length || index >= pairs.length,
  );
  return members.map((own) => {
    const query = vectors[from][own] ?? new Int8Array();
    const wanted = cosine(query, vectors[to][own] ?? new Int8Array());
    return others.filter((other) => cosine(query, vectors[to][other] ?? new Int8Array()) > wanted).length;
  });
}

const part = (found: readonly number[], within: number): string =>
  `${((found.filter((place) => place < within).length / found.length) * 100).toFixed(0)}%`;
for (const name of ['dev', 'test']) {
  for (const [from, to] of [
    ['en', 'zh'],
    ['zh', 'en'],
  ] as const) {
    const found = places(name, from, to);
    const rank = found.reduce((sum, place) => sum + 1 / (place + 1), 0) / found.length;
    console.log(
      `${name} ${from} to ${to}: first ${part(found, 1)}, among ten ${part(found, 10)}, MRR ${rank.toFixed(2)}, n ${found.length}`,
    );
  }
}
// By words alone, the same question: what meaning adds.
const bags = new Map(pairs.map(({ en: text }) => [text, new Set(termsOf(null, text).map(hashTerm))]));
const shared = pairs.filter(({ en, zh }) => termsOf(null, zh).some((term) => bags.get(en)?.has(hashTerm(term)))).length;
console.log(`pairs that share any word: ${shared} of ${pairs.length}`);

/** How like texts about different things are: what LEAST_LIKENESS must lie above. */
const chance: number[] = [];
for (const [name, other] of [
  ['en', 'zh'],
  ['en', 'en'],
  ['zh', 'zh'],
] as const) {
  const likes: number[] = [];
  for (let at = pairs.length; at < 700; at += 1)
    for (let to = at + 1; to < 700; to += 7) likes.push(cosine(vectors[name][at] ?? [], vectors[other][to] ?? []));
  likes.sort((a, b) => a - b);
  const at = (share: number): string => (likes[Math.floor(likes.length * share)] ?? 0).toFixed(2);
  console.log(`strangers ${name}-${other}: median ${at(0.5)}, 99% ${at(0.99)}, 99.9% ${at(0.999)}`);
  chance.push(...likes);
}
const own = pairs.map((_, index) => cosine(vectors.en[index] ?? [], vectors.zh[index] ?? [])).sort((a, b) => a - b);
console.log(`translations: lowest tenth ${(own[10] ?? 0).toFixed(2)}, median ${(own[50] ?? 0).toFixed(2)}`);
