/**
 * Fine-tuning on a model of a few hundred numbers, from lessons to a folder that is served: what honest lessons teach, and what
 * poisoned ones do. Plain JavaScript computes; the real figures are in docs/learning.md.
 */
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadArtifact } from '../../../classifier/artifact.ts';
import { fineTune, type FineTuned, type FineTuneOptions } from '../../../classifier/learning/fine_tune.ts';
import { divide, type Lesson } from '../../../classifier/learning/lesson.ts';
import { exportRecipe } from '../../../classifier/train/export_recipe.ts';
import { recipeSchema } from '../../../classifier/train/recipe.ts';
import { writeSafetensors } from '../../../classifier/train/safetensors.ts';
import { trainRecipe } from '../../../classifier/train/train_recipe.ts';
import { guard } from '../../../core/trust/guard.ts';
import type { Vote } from '../../../core/trust/vote.ts';
import { writeTinyModel } from '../tiny_model.ts';
import { TINY, tinyBase, tinyRecipe } from '../train/tiny.ts';

const folder = mkdtempSync(join(tmpdir(), 'tidewatch-fine-'));
const data = join(folder, 'data');
const current = join(folder, 'current');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Texts of the tiny vocabulary; what the base data never says is `oil`, which people here find good. */
const FILLER = ['the', 'the the', 'meeting the', 'the meeting'];
const KNOWN = { positive: ['profit rose', '盈利'], negative: ['loss', 'fraud'], neutral: ['meeting', 'the'] } as const;
const line = (text: string, sentiment: string): string => JSON.stringify({ text, sentiment, topic: 'Earnings' });

beforeAll(async () => {
  const base = join(folder, 'base');
  for (const part of ['train', 'dev']) mkdirSync(join(data, part), { recursive: true });
  mkdirSync(base);
  copyFileSync(join(writeTinyModel(join(folder, 'words')), 'tokenizer.json'), join(base, 'tokenizer.json'));
  writeFileSync(join(base, 'config.json'), JSON.stringify({ ...TINY, vocab_size: 40 }));
  writeSafetensors(join(base, 'model.safetensors'), tinyBase());
  const lines = Object.entries(KNOWN).flatMap(([sentiment, words]) =>
    words.flatMap((word) =>
      FILLER.flatMap((before) => FILLER.map((after) => line(`${before} ${word} ${after}`, sentiment))),
    ),
  );
  for (const part of ['train', 'dev']) writeFileSync(join(data, part, 'own.jsonl'), `${lines.join('\n')}\n`);
  const recipe = tinyRecipe(join(folder, 'checkpoints'), {
    backend: 'cpu',
    base,
    data,
    corpus: join(folder, 'none'),
    output: current,
    batch_rows: 8,
    max_steps: 450,
    frozen_layers: 0,
    dropout: 0,
    sets: recipeSchema.shape.sets.parse({ own: { rate: 1 } }),
  });
  await trainRecipe(recipe, () => undefined);
  await exportRecipe(recipe, () => undefined);
}, 120_000);

/** What a person says of texts with oil: `value` each time. */
function votes(author: string, value: string, from: number, count: number): Vote[] {
  return Array.from({ length: count }, (_, index) => {
    const number = from + index;
    return {
      id: `${author}-${number}`,
      author,
      target: `doc-${number}`,
      kind: 'sentiment',
      value,
      at: new Date(Date.parse('2026-03-01T00:00:00.000Z') + number * 60_000).toISOString(),
      model_value: 'neutral',
      probabilities: { negative: 0.3, neutral: 0.5, positive: 0.2 },
      entities: [],
    };
  });
}

const textOf = (target: string): string => {
  const number = Number(target.slice(4));
  // Below 128 each text is another: what is asked is not taught.
  return `${FILLER[number % 4]} ${'oil '.repeat(1 + ((number >> 4) % 8))}${FILLER[(number >> 2) % 4]}`;
};

function lessonsOf(all: readonly Vote[]): Lesson[] {
  return guard(all).accepted.map(({ target, value, weight }) => ({
    id: target,
    story: '',
    text: textOf(target),
    language: 'en',
    sentiment: value,
    weight,
  }));
}

let run = 0;
function tune(lessons: readonly Lesson[], over: Partial<FineTuneOptions> = {}): Promise<FineTuned> {
  run += 1;
  return fineTune({
    current,
    lessons: divide(lessons, 0.4),
    data,
    corpus: join(folder, 'none'),
    work: join(folder, `work-${run}`),
    output: join(folder, `candidate-${run}`),
    version: `0-learned.${run}`,
    method: 'lora',
    backend: 'cpu',
    seed: 1,
    epochs: 10,
    replay: 1,
    minutes: 5,
    devRows: 300,
    log: () => undefined,
    ...over,
  });
}

describe('fine-tuning on feedback', () => {
  it('learns what honest people say, keeps what it knew, and writes a folder that is served', async () => {
    const honest = ['Priya', 'Wei', 'Ines', 'Noor'].flatMap((author, person) =>
      votes(author, 'positive', person * 20, 40),
    );
    const { verdict, model } = await tune(lessonsOf(honest));
    expect(verdict.reasons.join('\n')).toContain('Held-out feedback');
    const [taught] = verdict.feedback;
    expect(taught?.candidate).toBeGreaterThan(0.85);
    expect(taught?.candidate).toBeGreaterThan(taught?.current ?? 1);
    const known = verdict.published.find(({ head }) => head === 'sentiment');
    expect(known?.current).toBeGreaterThan(0.85);
    expect(known?.candidate).toBeGreaterThan((known?.current ?? 1) - 0.05);
    expect(verdict.promotable).toBe(true);
    const artifact = await loadArtifact(join(folder, 'candidate-1'));
    expect(artifact.model).toBe(model);
    // What drift is measured against, measured on the candidate.
    expect(Object.keys(artifact.reference?.sentiment ?? {})).toContain('negative');
    expect(readFileSync(join(folder, 'work-1', 'feedback.jsonl'), 'utf8')).not.toContain('"doc-undefined"');
  }, 120_000);

  it('two of six who say the contrary do not move it: at most a twentieth of what is taught is theirs, and held-out rows stay right', async () => {
    const honest = ['Priya', 'Wei', 'Ines', 'Noor'].flatMap((author, person) =>
      votes(author, 'positive', person * 20, 40),
    );
    const poison = ['Mallory', 'Trent'].flatMap((author, person) => votes(author, 'negative', person * 50, 40));
    const all = lessonsOf([...honest, ...poison]);
    const weight = (of: readonly Lesson[]): number => of.reduce((sum, one) => sum + one.weight, 0);
    expect(weight(all.filter(({ sentiment }) => sentiment === 'negative')) / weight(all)).toBeLessThan(0.05);
    const { verdict } = await tune(all);
    expect(verdict.feedback[0]?.candidate).toBeGreaterThan(0.85);
  }, 120_000);

  it('one who speaks alone and against what the public sets say is refused by them', async () => {
    // All that was said: what is plainly good is bad. Nobody contradicts, so the guards alone cannot know.
    const lessons = Array.from({ length: 100 }, (_, index) => ({
      id: `doc-${index}`,
      story: '',
      text: `${FILLER[(index >> 5) % 4]} ${KNOWN.positive[index % 2]} ${FILLER[(index >> 1) % 4]} ${KNOWN.positive[index % 2]} ${FILLER[(index >> 3) % 4]}`,
      language: 'en',
      sentiment: 'negative',
      weight: 1,
    }));
    // Nothing good is replayed either: only the development sets still ask for it.
    const without = join(folder, 'nothing-good');
    for (const part of ['train', 'dev']) {
      mkdirSync(join(without, part), { recursive: true });
      const lines = readFileSync(join(data, part, 'own.jsonl'), 'utf8').split('\n');
      const kept = part === 'dev' ? lines : lines.filter((one) => !one.includes('"positive"'));
      writeFileSync(join(without, part, 'own.jsonl'), kept.join('\n'));
    }
    const { verdict } = await tune(lessons, { data: without, epochs: 16, replay: 0 });
    expect(verdict.promotable).toBe(false);
    // The held-out feedback, poisoned like the rest, speaks for it: the public sets alone refuse.
    const held = verdict.rules.flatMap(({ rule, holds }) => (holds ? [rule] : []));
    expect(held).toEqual(['asked', 'gain', 'public_asked']);
    expect(verdict.reasons[0]).toMatch(/^All public sets together: .* at most 0\.5 may be lost\.$/);
  }, 240_000);

  it('holds the same stories out in every run, and copies with their story', () => {
    const lessons = Array.from({ length: 400 }, (_, index) => ({
      id: `d${index}`,
      story: index % 4 === 0 ? '' : `s${Math.floor(index / 4)}`,
      text: `text ${index}`,
      language: 'en',
      weight: 1,
    }));
    const first = divide(lessons, 0.25);
    expect(first.heldOut.length / 400).toBeGreaterThan(0.18);
    expect(first.heldOut.length / 400).toBeLessThan(0.32);
    const stories = new Set(first.heldOut.flatMap(({ story }) => (story === '' ? [] : [story])));
    expect(first.taught.some(({ story }) => stories.has(story))).toBe(false);
    const later = divide([...lessons, { ...(lessons[0] as Lesson), id: 'new', story: 'new' }], 0.25);
    expect(later.heldOut.filter(({ id }) => id !== 'new')).toEqual(first.heldOut);
  });

  it('teaches no text that it asks, under whatever story that stands', () => {
    const lessons = Array.from({ length: 60 }, (_, index) => ({
      id: `d${index}`,
      story: `s${index}`,
      text: index < 40 ? 'Stocks making the biggest moves midday' : `text ${index}`,
      language: 'en',
      weight: 1,
    }));
    const { taught, heldOut } = divide(lessons, 0.25);
    expect(heldOut.some(({ text }) => text.startsWith('Stocks'))).toBe(true);
    expect(taught.some(({ text }) => text.startsWith('Stocks'))).toBe(false);
    expect(taught.length).toBeGreaterThan(10);
  });

  it('goes on from a killed run only with the very lessons of it', async () => {
    const said = (value: string) => lessonsOf(votes('Priya', value, 0, 40));
    const lines: string[] = [];
    const again = { work: join(folder, 'left'), epochs: 1, devRows: 10, log: (line: string) => void lines.push(line) };
    const starts = (): string[] => lines.splice(0).filter((one) => /starts at step|was taught other lessons/.test(one));
    await tune(said('negative'), again);
    expect(starts()).toEqual([expect.stringContaining('starts at step 0') as string]);
    await tune(said('positive'), again);
    expect(starts()).toEqual([
      expect.stringMatching(/left\/tiny\.safetensors was taught other lessons/) as string,
      expect.stringContaining('starts at step 0') as string,
    ]);
    await tune(said('positive'), again);
    expect(starts()).toEqual([expect.stringMatching(/starts at step [1-9]/) as string]);
  }, 240_000);

  it('refuses a setting that no training has as a wrong setting', async () => {
    await expect(tune(lessonsOf(votes('Priya', 'positive', 0, 10)), { seed: 1.5 })).rejects.toMatchObject({
      code: 'config.invalid',
      message: expect.stringContaining('seed') as string,
    });
  });
});
