import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { rulesOf, versionOf } from '../../alerting/settings.ts';
import { settingsSchema } from '../../app/config.ts';
import { withMeasuredConfusion } from '../../app/measured_confusion.ts';
import { writeTinyModel } from '../classifier/tiny_model.ts';

const MATRIX = [
  [0.8, 0.15, 0.05],
  [0.1, 0.8, 0.1],
  [0.05, 0.15, 0.8],
];
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidewatch-confusion-'));
  writeTinyModel(folder);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const settingsWith = (alerting: object = {}, backend: object = { type: 'onnx', model: folder }) =>
  settingsSchema.parse({ data_dir: folder, store: { type: 'chdb' }, classifier: { backend }, alerting });
const evaluated = (model: string, matrix: unknown) =>
  writeFile(join(folder, 'evaluation.json'), JSON.stringify({ dev: { model, mean_probabilities: matrix } }));

describe('alerting.confusion: measured', () => {
  it('takes the matrix that the evaluation in the folder of the model gives for it, and says so in the hash of the settings', async () => {
    await evaluated('tiny@1', MATRIX);
    const alerting = await withMeasuredConfusion(settingsWith());
    expect(rulesOf(alerting, 'global', []).confusion.get('tiny@1')).toEqual(MATRIX);
    expect(versionOf(alerting)).not.toBe(versionOf(settingsWith().alerting));
  });

  it.each([
    ['there is no evaluation', null, MATRIX],
    ['it is of another version', 'tiny@0.9', MATRIX],
    ['it knows no matrix', 'tiny@1', null],
    ['the matrix tells nothing apart', 'tiny@1', [MATRIX[1], MATRIX[1], MATRIX[1]]],
  ])('corrects nothing where %s', async (_, model, matrix) => {
    if (model !== null) await evaluated(model, matrix);
    const alerting = await withMeasuredConfusion(settingsWith());
    expect(rulesOf(alerting, 'global', []).confusion.size).toBe(0);
  });

  it('yields to what is written in the settings, to nothing as well', async () => {
    await evaluated('tiny@1', MATRIX);
    expect((await withMeasuredConfusion(settingsWith({ confusion: [] }))).confusion).toEqual([]);
    const own = [{ model: '*', matrix: MATRIX }];
    expect((await withMeasuredConfusion(settingsWith({ confusion: own }))).confusion).toEqual(own);
  });

  it('corrects nothing where the model lies on another machine', async () => {
    const backend = { type: 'remote', url: 'http://127.0.0.1:9', token: 'secret-secret-secret' };
    expect((await withMeasuredConfusion(settingsWith({}, backend))).confusion).toEqual([]);
  });
});
