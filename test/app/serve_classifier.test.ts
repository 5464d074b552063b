/** `tidewatch serve-classifier` and SIGHUP, which ends a process that does not listen for it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { serveClassifierCommand } from '../../app/commands/serve_classifier.ts';
import { writeTinyModel } from '../classifier/tiny_model.ts';
import { freePort } from '../free_port.ts';

const folder = mkdtempSync(join(tmpdir(), 'tidewatch-serve-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(process.platform === 'win32')('serve-classifier', { timeout: 60_000 }, () => {
  it('takes the model of its settings file up on SIGHUP, also where that comes while the first one is opened', async () => {
    const config = join(folder, 'c.yaml');
    const names = (model: string): void =>
      writeFileSync(config, JSON.stringify({ data_dir: folder, classifier: { backend: { type: 'onnx', model } } }));
    const [first, second, third] = [1, 2, 3].map((version) =>
      writeTinyModel(join(folder, `model-${version}`), { version: `${version}` }),
    ) as [string, string, string];
    const port = await freePort();
    const served = async (): Promise<unknown> => (await fetch(`http://127.0.0.1:${port}/v1/model`)).json();
    names(first);
    const running = serveClassifierCommand().parseAsync(['--port', `${port}`, '--config', config], { from: 'user' });
    expect(process.emit('SIGHUP')).toBe(true);
    names(second);
    const soon = { timeout: 30_000, interval: 100 };
    await vi.waitFor(async () => expect(await served()).toMatchObject({ model: 'tiny@2' }), soon);
    names(third);
    process.emit('SIGHUP');
    await vi.waitFor(async () => expect(await served()).toMatchObject({ model: 'tiny@3' }), soon);
    process.emit('SIGTERM');
    await running;
    for (const signal of ['SIGHUP', 'SIGTERM', 'SIGINT'] as const) process.removeAllListeners(signal);
  });
});
