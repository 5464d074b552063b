/** The library of models: what is promoted, what is refused, what is taken back, and what a broken folder does. */
import { createHash } from 'node:crypto';
import { appendFileSync, copyFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { judge, mcnemar, verdictTable } from '../../../classifier/learning/gate.ts';
import { openLibrary, type ModelLibrary } from '../../../classifier/learning/model_library.ts';
import type { Outcome } from '../../../classifier/learning/outcomes.ts';
import { nextVersion, promote, rollBack } from '../../../classifier/learning/promotion.ts';
import { writeChecksums } from '../../../classifier/checksums.ts';
import { writeTinyModel } from '../tiny_model.ts';

const SHIPPED = 'tiny@1';
const BY = { author: 'Priya', reason: 'fewer wrong negatives on our banks' };

/** Outcomes of which `gained` and `lost` change sides. */
function outcomes(set: string, rows: number, gained: number, lost: number): Outcome[] {
  return Array.from({ length: rows }, (_, index) => {
    const [isGained, isLost] = [index < gained, index >= gained && index < gained + lost];
    const [wasRight, isRight] = isGained ? [false, true] : isLost ? [true, false] : [true, true];
    return {
      set,
      head: 'sentiment',
      gold: 0,
      current: wasRight ? 0 : 1,
      candidate: isRight ? 0 : 1,
      wasRight,
      isRight,
    };
  });
}

const good = judge(outcomes('feedback', 200, 30, 10), outcomes('tfns', 400, 10, 9));
const bad = judge(outcomes('feedback', 200, 10, 30), outcomes('tfns', 400, 10, 30));

describe('the gate', () => {
  it('lets through what is better on feedback and no worse on public sets', () => {
    expect(good).toMatchObject({
      promotable: true,
      feedback: [{ gained: 30, lost: 10, current: 0.85, candidate: 0.95 }],
    });
  });

  it.each([
    [
      'worse on feedback',
      outcomes('feedback', 200, 5, 6),
      outcomes('tfns', 400, 0, 0),
      /Held-out feedback: 97.5 right before, 97.0 after/,
    ],
    [
      'better by chance alone',
      outcomes('feedback', 200, 12, 10),
      outcomes('tfns', 400, 0, 0),
      /12 gained, 10 lost, p = 0.83/,
    ],
    [
      'asked too little',
      outcomes('feedback', 20, 10, 0),
      outcomes('tfns', 400, 0, 0),
      /20 held-out labels .* 30 are the least/,
    ],
    [
      'forgetful overall',
      outcomes('feedback', 200, 30, 5),
      outcomes('tfns', 400, 5, 12),
      /All public sets together: 98.8 before, 97.0 after, -1.8/,
    ],
    [
      'forgetful on one set',
      outcomes('feedback', 200, 30, 5),
      [...outcomes('tfns', 2000, 20, 0), ...outcomes('finfe', 300, 0, 16)],
      /finfe, sentiment: 100.0 before, 94.7 after on 300 rows; at most 4.0 points may be lost/,
    ],
    ['measured on nothing public', outcomes('feedback', 200, 30, 5), [], /0 labels of public development sets/],
  ])('refuses one that is %s, and says why first', (_, heldOut, published, why) => {
    const verdict = judge(heldOut, published);
    expect(verdict.promotable).toBe(false);
    expect(verdict.reasons.slice(0, 2).join(' ')).toMatch(why);
    expect(verdictTable(verdict)).toMatch(/It is not promoted\.$/);
  });

  it('tests pairs as McNemar does', () => {
    expect(mcnemar(0, 0)).toBe(1);
    expect(mcnemar(5, 0)).toBeCloseTo(2 / 32, 12);
    expect(mcnemar(1, 5)).toBeCloseTo((2 * 7) / 64, 12);
  });
});

describe('the library of models', () => {
  let folder: string;
  let library: ModelLibrary;
  let hour = 0;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tidewatch-library-'));
    library = openLibrary(folder, () => Date.parse('2026-03-01T00:00:00.000Z') + 3_600_000 * (hour += 1));
    for (const version of ['2', '3']) writeTinyModel(join(folder, `tiny@${version}`), { version });
    return () => rmSync(folder, { recursive: true, force: true });
  });
  const compared = (candidate: string, against: string, verdict = good) =>
    library.keepVerdict({ ...verdict, candidate, against, at: '2026-03-01T00:00:00.000Z' });

  it('promotes, promotes again, and goes back step by step; the log says who, when and from what', async () => {
    expect(await library.open('current')).toBeNull();
    await compared('tiny@2', SHIPPED);
    await promote(library, 'tiny@2', SHIPPED, BY);
    expect(await library.open('current')).toBe(join(folder, 'tiny@2'));
    await compared('tiny@3', 'tiny@2');
    await promote(library, 'tiny@3', SHIPPED, BY);
    expect(await rollBack(library, { author: 'Wei', reason: 'too many alerts' })).toBe('tiny@2');
    expect(await library.open('current')).toBe(join(folder, 'tiny@2'));
    expect(await rollBack(library, BY)).toBeNull();
    expect(await library.open('current')).toBeNull();
    await expect(rollBack(library, BY)).rejects.toThrow('No promotion is left');
    const log = await library.log();
    expect(log.map(({ action, model, before }) => `${action} ${model ?? '-'} < ${before?.model ?? '-'}`)).toEqual([
      'promote tiny@2 < -',
      'promote tiny@3 < tiny@2',
      'roll_back tiny@2 < tiny@3',
      'roll_back - < tiny@2',
    ]);
    expect(log[0]).toMatchObject({ author: 'Priya', reason: BY.reason, at: '2026-03-01T01:00:00.000Z' });
  });

  it.each([
    ['one that was never compared', () => Promise.resolve(), 'was never compared'],
    [
      'one that was compared with another model',
      () => compared('tiny@2', 'tiny@0'),
      'was compared with tiny@0; tiny@1 labels now',
    ],
    ['a worse one, with the table of why', () => compared('tiny@2', SHIPPED, bad), 'is not better than tiny@1.\nset'],
  ])('refuses %s', async (_, prepare, words) => {
    await prepare();
    await expect(promote(library, 'tiny@2', SHIPPED, BY)).rejects.toThrow(words);
    expect(await library.pointer('current')).toBeNull();
  });

  it('refuses a model whose files are not what was exported, before and after it was promoted', async () => {
    const graph = join(folder, 'tiny@2', 'onnx', 'model_quantized.onnx');
    const whole = readFileSync(graph);
    await compared('tiny@2', SHIPPED);
    appendFileSync(graph, '!');
    await expect(promote(library, 'tiny@2', SHIPPED, BY)).rejects.toMatchObject({ code: 'model.checksum' });
    writeFileSync(graph, whole);
    await promote(library, 'tiny@2', SHIPPED, BY);
    // Another model under the same name, whole in itself: its list of checksums is not the one that was promoted.
    const other = writeTinyModel(mkdtempSync(join(tmpdir(), 'tidewatch-other-')), { version: '2', inverted: true });
    for (const file of ['onnx/model_quantized.onnx', 'SHA256SUMS', 'config.json'])
      copyFileSync(join(other, file), join(folder, 'tiny@2', file));
    await expect(library.open('current')).rejects.toThrow('is not what was promoted');
  });

  it('knows a promoted model again after its figures were written anew, and by nothing less than what labels', async () => {
    await compared('tiny@2', SHIPPED);
    await promote(library, 'tiny@2', SHIPPED, BY);
    const own = join(folder, 'tiny@2');
    writeFileSync(join(own, 'evaluation.json'), '{}');
    writeChecksums(own);
    expect(readFileSync(join(own, 'SHA256SUMS'), 'utf8')).toContain('evaluation.json');
    expect(await library.open('current')).toBe(own);
    const list = createHash('sha256')
      .update(readFileSync(join(own, 'SHA256SUMS')))
      .digest('hex');
    writeFileSync(join(folder, 'current.json'), JSON.stringify({ model: 'tiny@2', checksum: list }));
    expect(await library.open('current'), 'a pointer of an earlier version').toBe(own);
    appendFileSync(join(own, 'config.json'), ' ');
    writeChecksums(own);
    await expect(library.open('current')).rejects.toThrow('is not what was promoted');
  });

  it('takes no path for a name, and says so where a pointer is broken', async () => {
    await expect(library.point('shadow', '../../etc', { ...BY, action: 'shadow' })).rejects.toMatchObject({
      code: 'input.invalid',
    });
    writeFileSync(join(folder, 'current.json'), '{"model":');
    await expect(library.open('current')).rejects.toThrow('does not say which model');
  });

  async function promotedTwice(): Promise<void> {
    await compared('tiny@2', SHIPPED);
    await promote(library, 'tiny@2', SHIPPED, BY);
    await compared('tiny@3', 'tiny@2');
    await promote(library, 'tiny@3', SHIPPED, BY);
  }

  it('writes the next line of its log whole, whatever a crash left of the last one', async () => {
    await compared('tiny@2', SHIPPED);
    await promote(library, 'tiny@2', SHIPPED, BY);
    await library.note({ ...BY, action: 'refuse', model: 'tiny@3', checksum: null });
    const path = join(folder, 'log.jsonl');
    truncateSync(path, readFileSync(path).length - 20);
    await compared('tiny@3', 'tiny@2');
    await promote(library, 'tiny@3', SHIPPED, BY);
    expect((await library.log()).map(({ action, model }) => `${action} ${model}`)).toEqual([
      'promote tiny@2',
      'promote tiny@3',
    ]);
    expect(await rollBack(library, BY)).toBe('tiny@2');
  });

  it('goes back to nothing but the model that was there, and where that is gone names a way on', async () => {
    await promotedTwice();
    const other = writeTinyModel(mkdtempSync(join(tmpdir(), 'tidewatch-other-')), { version: '2', inverted: true });
    for (const file of ['onnx/model_quantized.onnx', 'SHA256SUMS', 'config.json'])
      copyFileSync(join(other, file), join(folder, 'tiny@2', file));
    await expect(rollBack(library, BY)).rejects.toMatchObject({ code: 'model.checksum' });
    rmSync(join(folder, 'tiny@2'), { recursive: true });
    await expect(rollBack(library, BY)).rejects.toMatchObject({
      code: 'model.missing',
      hint: expect.stringMatching(/Put the folder .*tiny@2 back .* or remove .*current\.json/) as string,
    });
    expect((await library.pointer('current'))?.model).toBe('tiny@3');
    expect((await library.log()).length).toBe(2);
  });

  it('ends the shadow of what was promoted', async () => {
    await library.point('shadow', 'tiny@2', { ...BY, action: 'shadow' });
    await compared('tiny@2', SHIPPED);
    await promote(library, 'tiny@2', SHIPPED, BY);
    expect(await library.pointer('shadow')).toBeNull();
    expect((await library.log()).at(-1)).toMatchObject({ action: 'end_shadow', model: null });
  });

  it('counts versions of what people taught', () => {
    expect(nextVersion('1.1.0', [])).toBe('1.1.0-learned.1');
    expect(nextVersion('1.1.0-learned.2', ['x@1.1.0-learned.1', 'x@1.1.0-learned.4'])).toBe('1.1.0-learned.5');
  });
});
