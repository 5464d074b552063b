import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClaims } from '../../alerting/claims.ts';
import { createReplayClock } from '../../core/clock.ts';
import { openStore } from '../../core/store/registry.ts';
import type { Store } from '../../core/store/store.ts';
import { quietLog } from './alerts.ts';
import { START } from './opinions.ts';

let folder: string;
let store: Store;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidewatch-claims-'));
  store = await openStore({ type: 'chdb' }, { folder, log: quietLog });
  await store.migrate();
}, 60_000);
afterAll(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

const clock = createReplayClock(START);
const claimsOf = (owner: string) => createClaims(store, owner, clock, 60_000);

describe('claims on a shared store', () => {
  it('let exactly one of many that ask at once send each item', async () => {
    const owners = ['one', 'two', 'three', 'four'];
    for (let round = 0; round < 5; round += 1) {
      const items = [`race${round}:1`, `race${round}:2`];
      const answers = await Promise.all(owners.map((owner) => claimsOf(owner).take('chat', items)));
      for (const item of items) expect(answers.filter(({ mine }) => mine.includes(item))).toHaveLength(1);
      for (const { mine, held } of answers) expect([...mine, ...held].toSorted()).toEqual(items);
    }
  });

  it('keep an item for who claimed it, also after a restart, and forget it once it was sent', async () => {
    expect((await claimsOf('one').take('chat', ['a:1'])).mine).toEqual(['a:1']);
    expect((await claimsOf('one').take('chat', ['a:1'])).mine).toEqual(['a:1']);
    expect(await claimsOf('two').take('chat', ['a:1'])).toMatchObject({ mine: [], held: ['a:1'] });
    await claimsOf('one').sent('chat', ['a:1']);
    for (const owner of ['one', 'two']) {
      expect(await claimsOf(owner).take('chat', ['a:1'])).toMatchObject({ mine: [], held: [] });
    }
  });

  it('are of one notifier each', async () => {
    expect((await claimsOf('one').take('chat', ['b:1'])).mine).toEqual(['b:1']);
    expect((await claimsOf('two').take('mail', ['b:1'])).mine).toEqual(['b:1']);
  });

  it('pass to another when who claimed it died before it was sent', async () => {
    await claimsOf('one').take('chat', ['c:1', 'd:1']);
    await claimsOf('one').sent('chat', ['d:1']);
    clock.advanceTo(START + 59_000);
    expect((await claimsOf('two').take('chat', ['c:1', 'd:1'])).mine).toEqual([]);
    clock.advanceTo(START + 61_000);
    const [two, three] = await Promise.all([
      claimsOf('two').take('chat', ['c:1', 'd:1']),
      claimsOf('three').take('chat', ['c:1', 'd:1']),
    ]);
    expect([...two.mine, ...three.mine]).toEqual(['c:1']);
    expect((await claimsOf('one').take('chat', ['c:1'])).mine).toEqual([]);
  });
});
