/** The commands' way to the alerts: through the process that runs, or through the store where none does. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { notifyCommand, parseDuration } from '../../app/commands/people.ts';
import { settingsSchema, type Settings } from '../../app/config.ts';
import { openDoor } from '../../app/door.ts';
import { givenUp } from '../../app/given_up.ts';
import { explainFromStore } from '../../app/explain.ts';
import { systemClock } from '../../core/clock.ts';
import { lockFolder } from '../../core/lock.ts';
import { createLogger } from '../../core/log.ts';
import { createMetrics } from '../../core/metrics.ts';
import { openStore } from '../../core/store/registry.ts';
import type { ActionsAnswer, DifferencesAnswer, SilencesAnswer } from '../../dashboards/contract.ts';
import { createDashboards } from '../../dashboards/server.ts';
import { freePort } from '../free_port.ts';

const TOKEN = 'a token of some length';
const log = createLogger({ level: 'silent', format: 'json' });
const silence = { author: 'Priya', matchers: ['entity="a"'], duration_secs: 3600, comment: 'known' };
let folder: string;
let settings: Settings;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tidewatch-door-'));
  settings = settingsSchema.parse({
    data_dir: folder,
    ingest: { sources: [] },
    dashboards: { port: await freePort(), token: TOKEN },
  });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('a command about alerts', () => {
  it('writes to the store where no process runs, and through the server where one does', async () => {
    const stopped = await openDoor(settings);
    await stopped.post('/silences', silence);
    await expect(stopped.post('/silences', { ...silence, matchers: [] })).rejects.toThrow(/at least one/);
    await stopped.close();

    const unlock = await lockFolder(folder);
    const store = await openStore({ type: 'chdb' }, { folder: join(folder, 'store'), log });
    const server = createDashboards(settings.dashboards, {
      store,
      metrics: createMetrics(),
      log,
      clock: systemClock,
      signal: new AbortController().signal,
      sources: () => [],
      names: (id) => ({ en: id, zh: id }),
      version: 'test',
      model: () => null,
      webFolder: folder,
    });
    await server.start();
    try {
      const running = await openDoor(settings);
      expect((await running.get<SilencesAnswer>('/silences')).silences).toMatchObject([{ author: 'Priya' }]);
      await running.post('/silences', { ...silence, author: 'Wei' });
      await expect(running.post('/silences', { ...silence, comment: '' })).rejects.toThrow(/say why/);
      const { actions } = await running.get<ActionsAnswer>('/actions');
      expect(actions.map(({ author, via }) => [author, via])).toEqual([
        ['Wei', 'api'],
        ['Priya', 'command'],
      ]);
      await running.close();
      const wrong = { ...settings, dashboards: { ...settings.dashboards, token: 'not the right token' } };
      await expect(openDoor(wrong)).rejects.toThrow(/token is required/);
    } finally {
      await server.stop();
    }
    // The process holds the folder, but its page is elsewhere.
    await expect(openDoor(settings)).rejects.toThrow(/nothing answers at/);
    await expect(openDoor(settings, { url: `http://127.0.0.1:${await freePort()}` })).rejects.toMatchObject({
      code: 'http.unavailable',
      hint: expect.stringContaining('Is Tidewatch running there?') as string,
    });
    await store.close();
    await unlock();
  }, 60_000);

  it('goes to the folder that --data names, whatever answers at the address, unless a process holds it', async () => {
    const asked: (string | undefined)[] = [];
    const other = createServer(({ method }, response) => {
      asked.push(method);
      response.end(JSON.stringify({ silences: [] }));
    });
    await new Promise<void>((resolve) => other.listen(settings.dashboards.port, '127.0.0.1', resolve));
    try {
      const own = await openDoor(settings, { data: folder });
      await own.post('/silences', silence);
      expect((await own.get<SilencesAnswer>('/silences')).silences).toMatchObject([{ author: 'Priya' }]);
      await own.close();
      expect(asked).toEqual([]);
      const unlock = await lockFolder(folder, { answers: true });
      const held = await openDoor(settings, { data: folder });
      await held.close();
      expect(asked).toEqual(['GET']);
      await unlock();
    } finally {
      other.closeAllConnections();
      await new Promise((resolve) => other.close(resolve));
    }
  }, 60_000);

  it('makes no data folder where there is none', async () => {
    const data_dir = join(folder, 'mistyped');
    const absent = { ...settings, data_dir };
    const refused = { code: 'input.invalid', message: `There is no data folder ${data_dir}` };
    await expect(openDoor(absent)).rejects.toMatchObject(refused);
    await expect(openDoor(absent, { data: data_dir })).rejects.toMatchObject(refused);
    await expect(explainFromStore(absent, { alert: 'a' })).rejects.toMatchObject(refused);
    expect(existsSync(data_dir)).toBe(false);
  });

  it('says where two models differ from the store alone', async () => {
    const store = await openStore({ type: 'chdb' }, { folder: join(folder, 'store'), log });
    await store.migrate();
    const label = { sentiment: 'negative', negative: 0.9, neutral: 0.1, positive: 0, topic: 'Other' };
    const before = { current_sentiment: 'neutral', current_negative: 0.2, current_topic: 'Other' };
    const at = '2026-03-02T08:00:00.000Z';
    const row = { document_id: 'd', model: 'm@2', against: 'm@1', published_at: at, labelled_at: at };
    await store.insert('shadow_labels', [{ ...row, ...label, ...before }], 's');
    await store.close();
    const door = await openDoor(settings);
    try {
      const found = await door.get<DifferencesAnswer>('/learning/differences?model=m%402');
      expect(found).toMatchObject({ model: 'm@2', against: 'm@1', documents: 1, sentiment: 1 });
    } finally {
      await door.close();
    }
  }, 60_000);

  it('tells what was given up from what was sent since, by the items of a notification', () => {
    const row = (item: string, notifier: string, hour: number) => ({
      item,
      notifier,
      at: `2026-03-02T0${hour}:00:00.000Z`,
    });
    const failed = [row('b:2', 'mail', 5), row('a:2', 'mail', 3), row('a:2', 'chat', 3)];
    const sent = [row('a:2', 'mail', 4), row('b:2', 'mail', 2)];
    const items = (id: string): string[] =>
      givenUp(id, failed, sent).map(({ item, notifier }) => `${notifier} ${item}`);
    expect(items('*')).toEqual(['mail b:2', 'chat a:2']);
    expect(items('a:2+0123456789ab')).toEqual(['chat a:2']);
    expect(items('c:1')).toEqual([]);
    expect(givenUp('*', [], sent)).toEqual([]);
  });

  it('says that nothing was given up where nothing was, and asks for nothing', async () => {
    const config = join(folder, 'tidewatch.yaml');
    writeFileSync(config, JSON.stringify({ data_dir: folder, dashboards: { port: await freePort() } }));
    const written = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    try {
      await notifyCommand().parseAsync(['replay', '--config', config], { from: 'user' });
      expect(written.mock.calls.join('')).toBe('No notification was given up: there is nothing to send again.\n');
    } finally {
      written.mockRestore();
    }
    const door = await openDoor(settings);
    expect((await door.get<ActionsAnswer>('/actions')).actions).toEqual([]);
    await door.close();
  }, 60_000);

  it('reads durations as people write them', () => {
    expect(['90s', '90m', '2h', '3d', '1w'].map(parseDuration)).toEqual([90, 5400, 7200, 259_200, 604_800]);
    for (const text of ['2', 'h', '2 h', '-1h', '1y']) expect(() => parseDuration(text)).toThrow(/such as/);
  });
});
