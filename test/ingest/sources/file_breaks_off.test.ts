import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openWorkbench, type Workbench } from '../workbench.ts';

let bench: Workbench;
beforeEach(async () => {
  bench = await openWorkbench();
});
afterEach(() => bench.close());

const LINES = Array.from({ length: 150 }, (_, line) => JSON.stringify({ id: `d${line}`, text: `Loss ${line * 7919}` }));
const packed = gzipSync(`${LINES.join('\n')}\n`);

async function read(path: string) {
  const stage = await bench.start({ sources: [{ type: 'file', name: 'f', path }] });
  await stage.finished;
  return stage.health()[0];
}

it('a file that breaks off keeps what was read up to there, and the mended file brings the rest', async () => {
  const path = join(bench.folder, 'cut.jsonl.gz');
  writeFileSync(path, packed.subarray(0, packed.length - 200));
  const broken = await read(path);
  expect(broken).toMatchObject({ status: 'failing', reason: expect.stringContaining('breaks off') as string });
  const kept = broken?.items ?? 0;
  expect(kept).toBeGreaterThan(50);
  expect(kept).toBeLessThan(LINES.length);
  expect(await bench.documents(kept)).toHaveLength(kept);

  writeFileSync(path, packed);
  expect(await read(path)).toMatchObject({ status: 'finished', items: LINES.length - kept });
  expect((await bench.documents(LINES.length)).map(({ text }) => text)).toEqual(
    LINES.map((line) => (JSON.parse(line) as { text: string }).text),
  );
}, 60_000);
