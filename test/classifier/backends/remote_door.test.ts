/** The door of a classifier while it ends, and while its model is exchanged. */
import { Agent, request } from 'node:http';
import { describe, expect, it } from 'vitest';
import type { Backend } from '../../../classifier/backend.ts';
import { createDoor, type Door } from '../../../classifier/backends/remote_door.ts';
import { createModelSwap } from '../../../classifier/swap.ts';
import { aContext } from '../context.ts';

const { log, metrics } = aContext();

function pretended(model: string, classify: () => Promise<void> = async () => undefined): Backend {
  const known = { sentiment: [], topic: [], topics_zh: [], event: [], entity_sentiment: [] };
  const labels = { sentiment: 'neutral' };
  return {
    model,
    labels: known,
    classify: (texts: readonly string[]) => classify().then(() => texts.map(() => labels)),
    close: async () => undefined,
  } as unknown as Backend;
}

async function opened(served: Parameters<typeof createDoor>[0]): Promise<Door> {
  const door = createDoor(served, { host: '127.0.0.1', port: 0, token: undefined, log });
  await door.start();
  return door;
}

/** One request over a connection that is kept. */
function ask(
  door: Door,
  agent: Agent,
  body: object = { texts: ['profit'] },
): Promise<{ status: number; json: object }> {
  return new Promise((resolve, reject) => {
    const asking = request(`${door.address()}/v1/classify`, { method: 'POST', agent }, (answer) => {
      let text = '';
      answer.on('data', (chunk: Buffer) => (text += chunk.toString()));
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, json: JSON.parse(text) as object }));
    });
    asking.on('error', reject);
    asking.end(JSON.stringify(body));
  });
}

describe('the door of a classifier that ends', { timeout: 15_000 }, () => {
  it('answers the request in hand and is closed, though the connection would be kept', async () => {
    let finish = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      finish = resolve;
    });
    let begun = (): void => undefined;
    const beginning = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const door = await opened(pretended('slow@1', () => (begun(), held)));
    const agent = new Agent({ keepAlive: true });
    const answer = ask(door, agent);
    await beginning;
    const stopped = door.stop();
    finish();
    expect((await answer).status).toBe(200);
    await stopped;
    agent.destroy();
  });

  it('is closed also where somebody asks on and on over one connection', async () => {
    let begun = (): void => undefined;
    const beginning = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const working = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 100));
    const door = await opened(pretended('busy@1', () => (begun(), working())));
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const asking = (async () => {
      for (;;) expect((await ask(door, agent)).status).toBe(200);
    })();
    await beginning;
    const [stopped] = await Promise.allSettled([door.stop(), expect(asking).rejects.toThrow(/ECONN|socket/)]);
    expect(stopped.status).toBe('fulfilled');
    agent.destroy();
  });
});

describe('the door of a classifier whose model is swapped', () => {
  it('answers by the new one at once, and refuses who asks for the old one by its name', async () => {
    const swap = createModelSwap(pretended('old@1'), { log, metrics: metrics.model });
    const door = await opened(swap);
    const agent = new Agent({ keepAlive: true });
    expect((await ask(door, agent)).json).toMatchObject({ model: 'old@1' });
    await swap.swap(async () => pretended('new@2'));
    expect((await ask(door, agent)).json).toMatchObject({ model: 'new@2' });
    expect((await ask(door, agent, { texts: ['profit'], model: 'old@1' })).status).toBe(409);
    expect(await (await fetch(`${door.address()}/v1/model`)).json()).toMatchObject({ model: 'new@2' });
    agent.destroy();
    await door.stop();
  });
});
