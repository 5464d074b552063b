/**
 * The rounds: a day of event time is posted while something is struck at a random moment; the round is over when nothing
 * waits any more and the page takes what is written there. Faults are dealt from a deck (deck.ts), and counted. A round that does not come to that within `settleMs` is a finding of its own: a later fault must not
 * heal what an earlier one broke. At the end everything is stopped and judged (verdict.ts).
 *
 * Every draw comes from the seed, a generator a round; what the machine makes of the moments is not repeatable.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { chanceFrom } from './chance.ts';
import { openDeck } from './deck.ts';
import { createDesk } from './desk.ts';
import type { Form, FormOptions } from './form.ts';
import { createLoad, type Load } from './load.ts';
import { openReceiver } from './receiver.ts';
import { startRuleModel } from './rule_model.ts';
import { judge, type Verdict } from './verdict.ts';

const DAY = 86_400_000;
const LEARNING_DAYS = 6;
const CALM_DAYS = 4;
/** Every few rounds a text comes that kills models. */
const POISON_EVERY = 4;

export interface RoundsOptions {
  readonly rounds: number;
  readonly seed: number;
  readonly settleMs: number;
  readonly awayMs: number;
  readonly bulkPauseMs: number;
  /** Faults whose names it matches; the others never strike. */
  readonly only: RegExp;
  readonly say: (line: string) => void;
  readonly open: (options: FormOptions) => Promise<Form | { readonly missing: string }>;
}

export interface Result extends Verdict {
  readonly kind: string;
  readonly seconds: number;
  readonly deaths: ReadonlyMap<string, number>;
  readonly repeats: number;
  /** How often each fault struck; 0 where the rounds were too few for it. */
  readonly struck: ReadonlyMap<string, number>;
  /** Faults that this machine does not allow, and why. */
  readonly leftOut: ReadonlyMap<string, string>;
  /** Longest and mean time from the end of a fault until nothing waited, in seconds. */
  readonly recovery: { readonly longest: number; readonly mean: number };
  /** Where the programs' logs are; removed when all promises were kept. */
  readonly folder: string;
}

export async function runRounds(options: RoundsOptions): Promise<Result | { readonly missing: string }> {
  const { rounds, seed, say } = options;
  const began = performance.now();
  // A listener a program and a disk, so that none is left behind when this process ends.
  process.setMaxListeners(0);
  const folder = mkdtempSync(join(tmpdir(), 'tidewatch-crash-'));
  const model = await startRuleModel();
  const receiver = await openReceiver();
  const over = new AbortController();
  const form = await options.open({
    folder,
    webhookUrl: receiver.url,
    secret: `whsec_${Buffer.alloc(32, 7).toString('base64')}`,
    modelPort: model.port,
    awayMs: options.awayMs,
  });
  if ('missing' in form) {
    await model.stop();
    await receiver.close();
    rmSync(folder, { recursive: true, force: true });
    return form;
  }
  const days = LEARNING_DAYS + rounds + CALM_DAYS + 2;
  const load = createLoad({
    tideUrl: form.tideUrl,
    bulkUrl: form.bulkUrl,
    start: Math.floor(Date.now() / DAY) * DAY - days * DAY,
    chance: chanceFrom(seed),
    bulkPauseMs: options.bulkPauseMs,
    signal: over.signal,
  });
  const desk = createDesk(form.pageUrl, over.signal);
  const chosen = form.faults.filter(({ name }) => options.only.test(name));
  const leftOut = new Map(chosen.flatMap(({ name, missing }) => (missing === undefined ? [] : [[name, missing]])));
  const faults = chosen.filter(({ missing }) => missing === undefined);
  const deal = openDeck(faults, chanceFrom(seed));
  const struck = new Map(faults.map(({ name }) => [name, 0]));
  const unsettled: string[] = [];
  const recoveries: number[] = [];

  /** True when nothing waited any more, and the page took something, within the time. */
  async function settled(): Promise<boolean> {
    const deadline = performance.now() + options.settleMs;
    const before = desk.written().length;
    while (performance.now() < deadline) {
      if (desk.written().length > before && (await form_.waiting().catch(() => null)) === 0) return true;
      await wait(100);
    }
    return false;
  }

  async function round(number: number): Promise<void> {
    const chance = chanceFrom(seed * 1000 + number);
    const fault = deal();
    struck.set(fault.name, (struck.get(fault.name) ?? 0) + 1);
    if (number % POISON_EVERY === 0) load.poison(1);
    const posting = load.day();
    posting.catch(() => undefined);
    await wait(chance.between(0, 700));
    const done = await fault.run(chance);
    const mended = performance.now();
    await posting;
    await load.stopBulk();
    const isSettled = await settled();
    const seconds = (performance.now() - mended) / 1000;
    recoveries.push(seconds);
    say(`round ${number}, seed ${seed}: ${fault.name}, ${done}; nothing waits ${seconds.toFixed(1)} s later`);
    if (!isSettled)
      unsettled.push(
        `round ${number} (${fault.name}): ${String(await form_.waiting().catch(() => null))} wait, ${desk.written().length} written at the page`,
      );
    load.startBulk();
  }

  const form_ = form;
  say(`${form.name}: ${form.kind}; ${rounds} rounds, seed ${seed}; logs in ${folder}`);
  for (const [name, why] of leftOut) say(`left out: ${name}: ${why}`);
  try {
    desk.start();
    await load.warmUp(LEARNING_DAYS);
    if (!(await settled())) throw new Error('the pipeline does not come up: see the logs');
    load.startBulk();
    // One that does not come to rest ends them: a later fault might heal it.
    for (let number = 1; number <= rounds && unsettled.length === 0; number += 1) await round(number);
    await load.stopBulk();
    await load.calm(CALM_DAYS);
    if (!(await settled())) unsettled.push('the end');
    await desk.stop();
    await toldEverything(load, receiver.told);
    const contents = await form.finish();
    const verdict = judge({ load, contents, told: receiver.told, junk: form.junk(), written: desk.written() });
    const broken = [...verdict.broken, ...unsettled.map((one) => `did not come to rest: ${one}`)];
    const mean = recoveries.reduce((sum, one) => sum + one, 0) / Math.max(1, recoveries.length);
    const result = {
      ...verdict,
      broken,
      kind: form.kind,
      seconds: (performance.now() - began) / 1000,
      deaths: form.deaths(),
      repeats: load.repeats() + desk.repeats(),
      struck,
      leftOut,
      recovery: { longest: Math.max(0, ...recoveries), mean },
      folder,
    };
    if (broken.length === 0) rmSync(folder, { recursive: true, force: true });
    return result;
  } finally {
    over.abort(new Error('the rounds are over'));
    await form.close();
    await model.stop();
    await receiver.close();
  }
}

/** Notifications leave by a queue of their own: gives them some seconds. */
async function toldEverything(load: Load, told: readonly unknown[]): Promise<void> {
  const deadline = performance.now() + 15_000;
  while (told.length < load.badNews().length && performance.now() < deadline) await wait(200);
  await wait(2000);
}
