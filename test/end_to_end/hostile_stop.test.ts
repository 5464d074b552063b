/** Sudden ends: kill -9 in the middle of a replay, a polite stop while busy, an impatient one. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { REPOSITORY, run, until, type Program } from './program.ts';
import { freePort } from '../free_port.ts';

const FEED = join(REPOSITORY, 'examples', 'feed.jsonl');
const SEED = Number(process.env['TIDEWATCH_TEST_SEED'] ?? Date.now() % 1_000_000);

/** Lehmer's generator: in [0, 1), the same for the same seed. */
function randomFrom(seed: number): () => number {
  let state = (seed % 2_147_483_646) + 1;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

describe('a sudden end', { timeout: 240_000 }, () => {
  let folder: string;
  let config: string;
  let port: number;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tidewatch-stop-'));
    port = await freePort();
    config = join(folder, 'tidewatch.yaml');
    const settings = {
      ingest: {
        watchlists: [join(REPOSITORY, 'examples', 'watchlist.yaml')],
        sources: [{ type: 'file', name: 'feed', path: FEED }],
      },
      dashboards: { port },
    };
    await writeFile(config, JSON.stringify(settings));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const replay = (name: string): Program =>
    run([
      'replay',
      '--feed',
      FEED,
      '--config',
      config,
      '--data',
      join(folder, name),
      '--alerts',
      alertsFile(name),
      '--json',
    ]);
  const alertsFile = (name: string): string => join(folder, `${name}.jsonl`);
  const documents = (output: string): number => Number(/\{"documents":(\d+),/.exec(output)?.[1]);
  const opinions = async (): Promise<number> =>
    ((await (await fetch(`http://127.0.0.1:${port}/api/status`)).json()) as { opinions: number }).opinions;

  it('kill -9 at five random moments of a replay changes neither the store nor a byte of the alerts', async () => {
    const random = randomFrom(SEED);
    const began = performance.now();
    const calm = replay('calm');
    expect(await calm.exited, calm.output()).toBe(0);
    const wholeMs = performance.now() - began;
    const moments: string[] = [];
    for (let round = 0; round < 5; round += 1) {
      const program = replay('killed');
      // Later runs go on where the killed ones were, and would be done before the whole time is over.
      const after = Math.round((0.1 + random() * 0.5) * wholeMs);
      const timer = setTimeout(() => program.child.kill('SIGKILL'), after);
      moments.push(`${after} ms: ${await program.exited}`);
      clearTimeout(timer);
    }
    console.log(`TIDEWATCH_TEST_SEED=${SEED}, killed after ${moments.join(', ')} of ${wholeMs.toFixed(0)} ms`);
    const last = replay('killed');
    expect(await last.exited, last.output()).toBe(0);
    expect(documents(last.output())).toBe(documents(calm.output()));
    const written = await readFile(alertsFile('calm'));
    expect(written.length).toBeGreaterThan(0);
    expect((await readFile(alertsFile('killed'))).equals(written)).toBe(true);
  });

  it('SIGTERM while busy ends within 10 s with code 0, and the next start stores the rest', async () => {
    const data = join(folder, 'termed');
    const first = run(['up', '--config', config, '--data', data]);
    await first.seen(/The page is at/);
    await until(async () => (await opinions()) > 0, 60_000, first.output);
    const asked = performance.now();
    first.child.kill('SIGTERM');
    expect(await first.exited, first.output()).toBe(0);
    expect(performance.now() - asked).toBeLessThan(10_000);

    const second = run(['up', '--config', config, '--data', data]);
    await second.seen(/The page is at/);
    const wanted = documents((await endOf(replay('calm'))).output());
    await until(async () => (await opinions()) === wanted, 60_000, second.output);
    second.child.kill('SIGTERM');
    expect(await second.exited, second.output()).toBe(0);
  });

  it('a second Ctrl-C ends at once', async () => {
    const program = run(['up', '--config', config, '--data', join(folder, 'impatient')]);
    await program.seen(/The page is at/);
    await until(async () => (await opinions()) > 0, 60_000, program.output);
    program.child.kill('SIGINT');
    await program.seen(/once more to stop at once/, 5000);
    const asked = performance.now();
    program.child.kill('SIGINT');
    const rescue = setTimeout(() => program.child.kill('SIGKILL'), 10_000);
    // Either all was done already, or the second one ended it; a model at work must not keep it alive.
    expect([0, 'SIGINT']).toContain(await program.exited);
    clearTimeout(rescue);
    expect(performance.now() - asked).toBeLessThan(2000);
  });
});

async function endOf(program: Program): Promise<Program> {
  await program.exited;
  return program;
}
