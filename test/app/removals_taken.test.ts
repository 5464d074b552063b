/** Which processes take what origins took back: those whose state outlives a container. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createApp, type Role } from '../../app/app.ts';
import { settingsSchema } from '../../app/config.ts';
import { REMOVAL_GROUP } from '../../app/removing.ts';
import { systemClock } from '../../core/clock.ts';
import type { Removal } from '../../core/removal.ts';
import { TOPICS } from '../../core/stream/stream.ts';
import { writeTinyModel } from '../classifier/tiny_model.ts';

let folder: string;
const closers: (() => Promise<void>)[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidewatch-taken-'));
});
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
  await rm(folder, { recursive: true, force: true });
}, 60_000);

const deleted: Removal = {
  schema_version: 1, id: 'r1', kind: 'document', values: ['d1'], outlet: null, by: 'origin', reason: 'deleted',
  requested_at: '2026-03-02T08:00:00.000Z',
}; // prettier-ignore

/** What waits for whoever takes removals, of a process with these roles and one removal in the log. */
async function waitingBeside(roles: Role[]): Promise<() => Promise<number>> {
  const model = join(folder, 'model');
  writeTinyModel(model, { version: '1' });
  const settings = settingsSchema.parse({
    data_dir: join(folder, 'data'),
    log: { level: 'silent' },
    store: { type: 'chdb' },
    classifier: { backend: { type: 'onnx', model } },
    alerting: { notifiers: [] },
  });
  const app = await createApp(settings, { roles });
  await app.stream.append(TOPICS.removals, [{ key: 'd1', value: deleted }]);
  await app.start();
  closers.push(() => app.stop());
  return async () => (await app.stream.lag(TOPICS.removals, REMOVAL_GROUP)).messages;
}

it(
  'a classifier alone leaves it to others, since its folder goes with its container',
  { timeout: 180_000 },
  async () => {
    const waiting = await waitingBeside(['classifier']);
    // Twice as long as a reader gathers before it takes what there is.
    await systemClock.sleep(7_000);
    expect(await waiting()).toBe(1);
  },
);

it('alerting takes it, and keeps it until it is done', { timeout: 180_000 }, async () => {
  const waiting = await waitingBeside(['alerting']);
  await vi.waitFor(async () => expect(await waiting()).toBe(0), { timeout: 60_000, interval: 100 });
});
