import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLogger } from '../../../core/log.ts';
import { openStore } from '../../../core/store/registry.ts';

const ROUNDS = 6;
const child = fileURLToPath(new URL('crash_child.ts', import.meta.url));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidewatch-store-crash-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The last batch that the child said was inserted before it was killed. */
async function runAndKill(start: number, afterMs: number): Promise<number> {
  const running = spawn(process.execPath, ['--import', 'tsx', child, folder, String(start)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  let timer: NodeJS.Timeout | undefined;
  running.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString();
    if (said.includes('ready')) timer ??= setTimeout(() => running.kill('SIGKILL'), afterMs);
  });
  expect(await new Promise((resolve) => running.on('close', (_, by) => resolve(by)))).toBe('SIGKILL');
  const lines = said.split('\n').slice(0, -1);
  return Number(lines.findLast((line) => line.startsWith('inserted'))?.split(' ')[1] ?? start - 1);
}

describe('the embedded store under kill -9', () => {
  it(
    `keeps every batch that insert() resolved for, and counts once the ones sent again, over ${ROUNDS} kills`,
    { timeout: 300_000 },
    async () => {
      let next = 0;
      for (let round = 0; round < ROUNDS; round += 1) {
        // What was not confirmed is sent again under the same token, as the stream would.
        next = (await runAndKill(next, 100 + ((round * 7_919) % 700))) + 1;
      }
      const store = await openStore(
        { type: 'chdb' },
        { folder, log: createLogger({ level: 'silent', format: 'json' }) },
      );
      await store.migrate();
      const sql = 'SELECT source, count() AS n, uniqExact(document_id) AS ids FROM opinions GROUP BY source';
      for (const query of [sql, `${sql} SETTINGS final = 0`]) {
        const rows = await store.query<{ source: string; n: number; ids: number }>(query);
        const batches = new Map(rows.map((row) => [row.source, row]));
        for (let batch = 0; batch < next; batch += 1) {
          expect(batches.get(`batch ${batch}`)).toEqual({ source: `batch ${batch}`, n: 50, ids: 50 });
        }
        // At most one more: written, but killed before it could say so.
        expect(batches.size - next).toBeOneOf([0, 1]);
      }
      await store.close();
      expect(next).toBeGreaterThan(ROUNDS);
    },
  );
});
