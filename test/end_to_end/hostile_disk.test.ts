/** Disks that cannot be written: read-only, and full in the middle of work, on a small disk of their own. */
import { createHash } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, type TestContext } from 'vitest';
import { mountSmallDisk, type SmallDisk } from '../core/stream/small_disk.ts';
import { REPOSITORY, run, until } from './program.ts';
import { freePort } from '../free_port.ts';

const DOCUMENTS = 600;

/** Documents that hardly compress, so that each takes room. */
function feed(): string {
  const noise = (index: number): string =>
    Array.from({ length: 20 }, (_, part) => createHash('sha256').update(`${index} ${part}`).digest('base64')).join(' ');
  return Array.from({ length: DOCUMENTS }, (_, index) => {
    const published_at = new Date(Date.UTC(2026, 0, 1) + index * 60_000).toISOString();
    const text = `Halcyon Motors report ${index}: ${noise(index)}`;
    return `${JSON.stringify({ id: `d${index}`, text, published_at })}\n`;
  }).join('');
}

describe('a data folder on a bad disk', { timeout: 240_000 }, () => {
  let disk: SmallDisk | string;
  let port: number;
  beforeEach(async () => {
    disk = mountSmallDisk(80);
    port = await freePort();
  });
  afterEach(() => {
    if (typeof disk !== 'string') disk.unmount();
  });

  function smallDisk(context: TestContext): SmallDisk {
    if (typeof disk !== 'string') return disk;
    console.log(`skipped: ${disk}`);
    return context.skip(disk);
  }

  async function settingsOn(folder: string): Promise<string[]> {
    const config = join(folder, 'tidewatch.yaml');
    const settings = {
      ingest: {
        watchlists: [join(REPOSITORY, 'examples', 'watchlist.yaml')],
        sources: [{ type: 'file', name: 'feed', path: 'feed.jsonl' }],
      },
      // Few at a time, so that much is still to be done when the first opinions are there, however fast the machine is.
      classifier: { max_batch_documents: 16 },
      dashboards: { port },
    };
    await writeFile(config, JSON.stringify(settings));
    await writeFile(join(folder, 'feed.jsonl'), feed());
    return ['up', '--config', config, '--data', join(folder, 'data')];
  }

  const opinions = async (): Promise<number> =>
    ((await (await fetch(`http://127.0.0.1:${port}/api/status`)).json()) as { opinions: number }).opinions;

  /** Writes until no byte more goes in. */
  const fill = async (folder: string): Promise<void> => {
    const rejected = await writeFile(join(folder, 'filler'), Buffer.alloc(100 * 2 ** 20)).then(
      () => null,
      (error: NodeJS.ErrnoException) => error.code,
    );
    expect(rejected).toBe('ENOSPC');
  };

  it('is refused where it is read-only', async (context) => {
    const { folder, makeReadOnly } = smallDisk(context);
    const command = await settingsOn(folder);
    makeReadOnly();
    const program = run(command);
    expect(await program.exited, program.output()).toBe(1);
    expect(program.output()).toContain('[storage.read_only]');
    expect(program.output()).toContain('data_dir');
    expect(program.output()).toContain(folder);
    expect(program.output()).not.toMatch(/\n\s+at /);
  });

  it('is refused at the start where it is full', async (context) => {
    const { folder } = smallDisk(context);
    const command = await settingsOn(folder);
    await fill(folder);
    const program = run(command);
    expect(await program.exited, program.output()).toBe(1);
    expect(program.output()).toContain('[storage.full]');
    expect(program.output()).toContain(folder);
    expect(program.output()).not.toMatch(/\n\s+at /);
  });

  it('that fills up in the middle of work is said; with room again, every document is there once', async (context) => {
    const { folder } = smallDisk(context);
    const command = await settingsOn(folder);
    const first = run(command);
    await first.seen(/The page is at/);
    await until(async () => (await opinions()) > 0, 90_000, first.output);
    await fill(folder);
    await first.seen(/disk is full/);
    expect(first.child.exitCode).toBeNull();
    expect(await opinions()).toBeLessThan(DOCUMENTS);

    // A polite stop works on a full disk, and the next start says again what is wrong.
    first.child.kill('SIGTERM');
    expect(await first.exited, first.output()).toBe(0);
    const second = run(command);
    await second.seen(/disk is full/);
    await rm(join(folder, 'filler'));

    // It may have refused to start, or be waiting for room.
    const waits = await Promise.race([
      second.exited.then(() => false),
      second.seen(/The page is at/, 5000).then(() => true),
    ]);
    const last = waits ? second : run(command);
    await last.seen(/The page is at/);
    await until(async () => (await opinions()) >= DOCUMENTS, 90_000, last.output);
    await new Promise((resolve) => setTimeout(resolve, 2000));
    expect(await opinions()).toBe(DOCUMENTS);
    last.child.kill('SIGTERM');
    expect(await last.exited, last.output()).toBe(0);
    expect(`${first.output()}${last.output()}`).not.toMatch(/\n\s+at /);
  });
});
