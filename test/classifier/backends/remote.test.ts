import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Backend } from '../../../classifier/backend.ts';
import { createDoor, type Door } from '../../../classifier/backends/remote_door.ts';
import { LIMITS } from '../../../classifier/backends/remote_protocol.ts';
import { createBackend } from '../../../classifier/registry.ts';
import { classifierSettings } from '../../../classifier/settings.ts';
import { describeBackendContract } from '../../contracts/backend.ts';
import { aContext } from '../context.ts';
import { writeTinyModel } from '../tiny_model.ts';

const TOKEN = 'a secret of the tests';
const folder = await mkdtemp(join(tmpdir(), 'tidewatch-remote-'));
const open = (backend: object, context = aContext()): Promise<Backend> =>
  createBackend(classifierSettings.parse({ backend }), context);
const openRemote = (url: string, more: object = {}) =>
  open({ type: 'remote', url, token: TOKEN, cache_entries: 0, ...more });
const serve = async (backend: Backend, token: string | null = TOKEN): Promise<Door> => {
  const door = createDoor(backend, { host: '127.0.0.1', port: 0, token: token ?? undefined, log: aContext().log });
  await door.start();
  return door;
};

const model = await open({ type: 'onnx', model: writeTinyModel(join(folder, 'tiny')), cache_entries: 0 });
const door = await serve(model);
afterAll(async () => {
  await door.stop();
  await model.close();
  await rm(folder, { recursive: true, force: true });
});

describeBackendContract('remote, a tiny model behind HTTP', {
  open: () => openRemote(door.address()),
  positive: 'profit rose',
  negative: 'loss fraud',
  tolerance: 1e-4,
});

describeBackendContract('remote, in requests of seven texts', {
  open: () => openRemote(door.address(), { max_batch_texts: 7 }),
  positive: 'profit rose',
  negative: 'loss fraud',
  tolerance: 1e-4,
});

/** A server that answers `/v1/model` as the door does, and other questions by `answer`. */
async function pretend(answer: (request: IncomingMessage, response: ServerResponse, count: number) => void) {
  const card = await (
    await fetch(`${door.address()}/v1/model`, { headers: { authorization: `Bearer ${TOKEN}` } })
  ).text();
  let count = 0;
  const server: Server = createServer((request, response) => {
    request.resume();
    if (request.url === '/v1/model') return response.end(card);
    return answer(request, response, (count += 1));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: () => count,
    close: () => new Promise((resolve) => server.close(resolve).closeAllConnections()),
  };
}
const labels = (await model.classify(['profit rose']))[0];
const reply = (from: string): string => JSON.stringify({ model: from, labels: [labels] });

describe('the remote backend', () => {
  it('tries again when the server is busy or breaks off, as often as it is told', async () => {
    const server = await pretend((_, response, count) => {
      if (count === 1) response.writeHead(503, { 'retry-after': '0' }).end('{"error":{"code":"x","message":"busy"}}');
      else if (count === 2) response.destroy();
      else response.end(reply('tiny@1'));
    });
    const backend = await openRemote(server.url);
    expect((await backend.classify(['profit rose']))[0]?.sentiment).toBe('positive');
    expect(server.asked()).toBe(3);
    await server.close();
    await expect(backend.classify(['profit rose'])).rejects.toMatchObject({ code: 'model.failed', retryable: true });
  });

  it('gives a slow server up after its time, and says so', async () => {
    const server = await pretend(() => undefined);
    const backend = await openRemote(server.url, { timeout_ms: 200, tries: 2 });
    await expect(backend.classify(['profit'])).rejects.toMatchObject({
      code: 'model.failed',
      message: expect.stringContaining('no answer in time') as string,
    });
    expect(server.asked()).toBe(2);
    await server.close();
  });

  it('takes no label of another model than the one it was opened with, naming both', async () => {
    const server = await pretend((_, response) => response.end(reply('tiny@2')));
    const backend = await openRemote(server.url);
    await expect(backend.classify(['profit rose'])).rejects.toMatchObject({
      code: 'model.failed',
      message: expect.stringMatching(/tiny@2.*not with tiny@1/) as string,
    });
    await server.close();
    await expect(openRemote(door.address(), { model: 'other@3' })).rejects.toMatchObject({
      code: 'model.missing',
      message: expect.stringMatching(/serves tiny@1, not other@3/) as string,
    });
  });

  it('takes no labels that are not of the documented form', async () => {
    const server = await pretend((_, response) => response.end('{"model":"tiny@1","labels":[{"sentiment":"great"}]}'));
    const backend = await openRemote(server.url);
    await expect(backend.classify(['profit rose'])).rejects.toMatchObject({ code: 'model.failed' });
    expect(server.asked()).toBe(1);
    await server.close();
  });

  it('says at the start what is wrong: no token, no server, no classifier', async () => {
    const wrong = { token: 'not the right secret' };
    await expect(openRemote(door.address(), wrong)).rejects.toMatchObject({ code: 'config.invalid' });
    const gone = await pretend(() => undefined);
    await gone.close();
    await expect(openRemote(gone.url, { tries: 1 })).rejects.toMatchObject({ code: 'http.unavailable' });
    await expect(openRemote(`${door.address()}/elsewhere`)).rejects.toMatchObject({ code: 'http.status' });
  });

  it('hands on that the model refuses a text, at once', async () => {
    const backend = await openRemote(door.address());
    await expect(backend.classify(['profit', 'poison'])).rejects.toMatchObject({ code: 'model.failed' });
    expect((await backend.classify(['profit']))[0]?.sentiment).toBe('positive');
  });
});

describe('the door of a classifier', () => {
  const post = (path: string, body: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${door.address()}${path}`, {
      method: 'POST',
      body,
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json', ...headers },
    });

  it('answers nobody without the token but who asks for its health', async () => {
    for (const authorization of ['', 'Bearer wrong', `Basic ${TOKEN}`]) {
      expect((await post('/v1/classify', '{"texts":["a"]}', { authorization })).status).toBe(401);
    }
    const health = await fetch(`${door.address()}/healthz`);
    expect(await health.json()).toEqual({ status: 'ok', model: 'tiny@1' });
  });

  it('refuses what is malformed, too long, or meant for another model', async () => {
    const status = async (body: string): Promise<number> => (await post('/v1/classify', body)).status;
    expect(await status('{')).toBe(400);
    expect(await status('{"texts":[]}')).toBe(400);
    expect(await status('{"texts":[1]}')).toBe(400);
    expect(await status('{"texts":["a"],"more":1}')).toBe(400);
    expect(await status(JSON.stringify({ texts: Array.from({ length: LIMITS.texts + 1 }, () => 'a') }))).toBe(400);
    expect(await status(JSON.stringify({ texts: ['a'.repeat(LIMITS.bodyBytes)] }))).toBe(413);
    expect(await status('{"texts":["a"],"model":"tiny@9"}')).toBe(409);
    expect(await status('{"texts":["profit"],"model":"tiny@1"}')).toBe(200);
  });

  it('tells callers to come back when too many texts are in hand', async () => {
    let finish = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const slow: Backend = { ...model, classify: (texts) => held.then(() => model.classify(texts)) };
    const busy = await serve(slow, null);
    const many = JSON.stringify({ texts: Array.from({ length: LIMITS.texts }, () => 'profit') });
    const ask = () =>
      fetch(`${busy.address()}/v1/classify`, { method: 'POST', body: many }).then(({ status, headers }) => ({
        status,
        wait: headers.get('retry-after'),
      }));
    const answers = Array.from({ length: 9 }, ask);
    const refused = await Promise.race(answers);
    finish();
    const found = await Promise.all(answers);
    expect(refused.status).toBe(503);
    expect(found.filter(({ status }) => status === 200).length).toBe(8);
    expect(refused.wait).toBe('1');
    await busy.stop();
  });

  it('does not listen to other machines without a token', () => {
    const log = aContext().log;
    expect(() => createDoor(model, { host: '0.0.0.0', port: 0, token: undefined, log })).toThrow(/no token/);
  });
});
