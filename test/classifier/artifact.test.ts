import { createHash } from 'node:crypto';
import { appendFile, mkdtemp, readFile, rm, unlink, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadArtifact, shippedModel } from '../../classifier/artifact.ts';
import { writeTinyModel } from './tiny_model.ts';

let folder: string;
beforeEach(async () => {
  folder = writeTinyModel(await mkdtemp(join(tmpdir(), 'tidewatch-artifact-')), { name: 'tiny', version: '1.2.3' });
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Changes config.json and makes its checksum right again. */
async function rewriteConfig(change: (config: Record<string, unknown>) => void): Promise<void> {
  const config = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')) as Record<string, unknown>;
  change(config);
  const text = JSON.stringify(config);
  await writeFile(join(folder, 'config.json'), text);
  const sums = await readFile(join(folder, 'SHA256SUMS'), 'utf8');
  const hex = createHash('sha256').update(text).digest('hex');
  await writeFile(join(folder, 'SHA256SUMS'), sums.replace(/^[0-9a-f]{64} {2}config\.json$/m, `${hex}  config.json`));
}

describe('a model folder', () => {
  it('says its model, heads, length and padding', async () => {
    const artifact = await loadArtifact(folder);
    expect(artifact).toMatchObject({ model: 'tiny@1.2.3', maxLength: 16, padId: 1, halvings: 0 });
    expect(artifact.heads.sentiment.labels).toEqual(['negative', 'neutral', 'positive']);
    expect(artifact.heads.topic.labels).toHaveLength(20);
  });

  it('that halves its positions takes texts whose padding it has positions for', async () => {
    await rewriteConfig((config) => (config['halve_before'] = [2, 4]));
    expect(await loadArtifact(folder)).toMatchObject({ maxLength: 16, halvings: 2 });
    await rewriteConfig((config) => ((config['tidewatch'] as { max_length: number }).max_length = 15));
    expect(await loadArtifact(folder)).toMatchObject({ maxLength: 8, halvings: 2 });
  });

  it.each(['config.json', 'tokenizer.json', 'onnx/model_quantized.onnx', 'MODEL_CARD.md'])(
    'is refused when %s is not the file that was exported, saying both checksums and what to do',
    async (file) => {
      await appendFile(join(folder, file), ' ');
      await expect(loadArtifact(folder)).rejects.toMatchObject({
        code: 'model.checksum',
        message: expect.stringContaining(file) as string,
        hint: expect.stringContaining('Restore the file') as string,
      });
    },
  );

  it.each(['config.json', 'tokenizer.json', 'onnx/model_quantized.onnx', 'SHA256SUMS'])(
    'is incomplete without %s',
    async (file) => {
      await unlink(join(folder, file));
      await expect(loadArtifact(folder)).rejects.toMatchObject({
        code: 'model.missing',
        message: expect.stringContaining(file) as string,
      });
    },
  );

  it('must have a checksum for every file that is loaded', async () => {
    const sums = await readFile(join(folder, 'SHA256SUMS'), 'utf8');
    await writeFile(join(folder, 'SHA256SUMS'), sums.replace(/^.*tokenizer\.json\n/m, ''));
    await expect(loadArtifact(folder)).rejects.toMatchObject({
      code: 'model.checksum',
      message: expect.stringContaining('no line for tokenizer.json') as string,
    });
  });

  it('may not name files outside itself', async () => {
    await appendFile(join(folder, 'SHA256SUMS'), `${'0'.repeat(64)}  ../../etc/passwd\n`);
    await expect(loadArtifact(folder)).rejects.toMatchObject({ code: 'model.checksum' });
  });

  it('is refused when its config.json does not describe a Tidewatch model', async () => {
    await rewriteConfig((config) => delete config['tidewatch']);
    await expect(loadArtifact(folder)).rejects.toMatchObject({
      code: 'model.missing',
      message: expect.stringContaining('tidewatch') as string,
    });
  });

  it('is refused when it has no topic head', async () => {
    await rewriteConfig((config) => {
      const described = config['tidewatch'] as { heads: { name: string }[] };
      described.heads = described.heads.filter(({ name }) => name !== 'topic');
    });
    await expect(loadArtifact(folder)).rejects.toMatchObject({
      code: 'model.missing',
      message: expect.stringContaining('head topic') as string,
    });
  });

  it('has the further heads that it names, and null for those that it does not', async () => {
    const all = (await loadArtifact(folder)).heads;
    expect(all.topics_zh?.thresholds).toHaveLength(all.topics_zh?.labels.length ?? -1);
    expect(all.event?.none).toBe('无');
    expect(all.entity_sentiment?.labels).toEqual(all.sentiment.labels);
    const two = writeTinyModel(folder, { heads: ['sentiment', 'topic'] });
    const { topics_zh, event, entity_sentiment } = (await loadArtifact(two)).heads;
    expect([topics_zh, event, entity_sentiment]).toEqual([null, null, null]);
  });

  it('is refused when a further head is not described whole', async () => {
    await rewriteConfig((config) => {
      const described = config['tidewatch'] as { heads: { name: string; thresholds?: number[] }[] };
      described.heads.find(({ name }) => name === 'topics_zh')?.thresholds?.pop();
    });
    await expect(loadArtifact(folder)).rejects.toMatchObject({
      code: 'model.missing',
      message: expect.stringContaining('head topics_zh') as string,
    });
  });

  it('that comes with Tidewatch is verified in well under a second', async ({ skip }) => {
    const shipped = shippedModel('tidewatch-small');
    if (!existsSync(join(shipped, 'SHA256SUMS'))) skip('the shipped model is not here');
    const began = performance.now();
    expect((await loadArtifact(shipped)).model).toMatch(/^tidewatch-small@/);
    expect(performance.now() - began).toBeLessThan(2000);
  });
});
