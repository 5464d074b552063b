/** A model that is swapped in while Tidewatch runs: what is known to be wrong of it holds for its opinions. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createCorrection, type Confusion } from '../../alerting/correction.ts';
import { createApp, type Role } from '../../app/app.ts';
import { settingsSchema } from '../../app/config.ts';
import { openState } from '../../core/state/lmdb.ts';
import { TOPICS } from '../../core/stream/stream.ts';
import { opinionOf } from '../alerting/opinions.ts';
import { writeTinyModel } from '../classifier/tiny_model.ts';

const MATRICES: Readonly<Record<'1' | '2', Confusion>> = {
  1: [
    [0.8, 0.15, 0.05],
    [0.1, 0.8, 0.1],
    [0.05, 0.15, 0.8],
  ],
  2: [
    [0.6, 0.2, 0.2],
    [0.2, 0.6, 0.2],
    [0.2, 0.2, 0.6],
  ],
};
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidewatch-swap-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** The folder of a model with what its evaluation says of it. */
async function modelFolder(version: '1' | '2'): Promise<string> {
  const path = join(folder, `model-${version}`);
  writeTinyModel(path, { version });
  const dev = { model: `tiny@${version}`, mean_probabilities: MATRICES[version] };
  await writeFile(join(path, 'evaluation.json'), JSON.stringify({ dev }));
  return path;
}

const settingsOf = (model: string) =>
  settingsSchema.parse({
    data_dir: join(folder, 'data'),
    log: { level: 'silent' },
    store: { type: 'chdb' },
    classifier: { backend: { type: 'onnx', model } },
    alerting: { notifiers: [] },
  });

it.each<[string, Role[], boolean]>([
  ['the process that labels', ['classifier', 'alerting'], true],
  ['a process that only alerts', ['alerting'], false],
])(
  'is corrected by its own matrix in %s, and the one before by its own still',
  { timeout: 120_000 },
  async (_, roles, labels) => {
    const [first, second] = [await modelFolder('1'), await modelFolder('2')];
    const app = await createApp(settingsOf(first), { roles });
    await app.start();
    expect(await app.swapModel(settingsOf(second).classifier)).toBe(labels);
    const opinions = (['1', '2'] as const).map((version) => ({
      ...opinionOf({ id: `d${version}`, time: Date.now(), negative: 0.4, source: version, sourceClass: 'news' }),
      model: `tiny@${version}`,
    }));
    await app.stream.append(
      TOPICS.opinions,
      opinions.map((value) => ({ key: value.document.id, value })),
    );
    await vi.waitFor(
      async () => {
        const lag = await app.stream.lag(TOPICS.opinions, 'alerting');
        expect(lag.messages).toBe(0);
      },
      { timeout: 60_000, interval: 50 },
    );
    await app.stop();

    // What each outlet said, in thousandths, is what alerting took its word for.
    const state = await openState(join(folder, 'data', 'state'));
    const voices = state.table<[day: number, { negative: number }][]>('alerting.voices');
    const heard = (['1', '2'] as const).map((version) => voices.get(`source ${version}`)?.[0]?.[1].negative);
    await state.close();
    const expected = opinions.map(({ sentiment_probabilities, model }, index) =>
      Math.round(
        1000 * createCorrection(new Map([[model, MATRICES[index === 0 ? '1' : '2']]]))(sentiment_probabilities, model),
      ),
    );
    expect(heard).toEqual(expected);
    expect(new Set(expected).add(400).size).toBe(3);
  },
);
