import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createLogger } from '../../../core/log.ts';
import { openStore } from '../../../core/store/registry.ts';
import { opinionRow } from '../../../core/store/rows.ts';
import { exampleDocument, exampleOpinion } from '../../contracts/store.ts';
import { mountSmallDisk } from '../stream/small_disk.ts';

const disk = mountSmallDisk(64);
if (typeof disk === 'string') console.warn(`skipped: the store's full-disk test, because ${disk}`);

describe.skipIf(typeof disk === 'string')('the embedded store on a full disk', { timeout: 120_000 }, () => {
  if (typeof disk === 'string') return;
  afterAll(() => disk.unmount());

  it('refuses an insert as storage.full whole or not at all, and takes it once there is room, each row once and counted', async () => {
    const store = await openStore(
      { type: 'chdb' },
      { folder: join(disk.folder, 'store'), log: createLogger({ level: 'silent', format: 'json' }) },
    );
    await store.migrate();
    const ballast = join(disk.folder, 'ballast');
    const noise = (): string => Array.from({ length: 2_000 }, () => Math.random().toString(36)).join(' ');
    const rows = (batch: number): object[] =>
      Array.from({ length: 20 }, (_, index) =>
        opinionRow(
          exampleOpinion(0, { document: exampleDocument(batch * 20 + index, { source: `b${batch}`, text: noise() }) }),
        ),
      );
    await store.insert('opinions', rows(0), 'b0');
    writeFileSync(ballast, Buffer.alloc(50_000_000, 1));
    let inserted = 1;
    let refusal: unknown;
    let refused = rows(1);
    while (refusal === undefined && inserted < 500) {
      refused = rows(inserted);
      await store.insert('opinions', refused, `b${inserted}`).then(
        () => (inserted += 1),
        (error: unknown) => (refusal = error),
      );
    }
    expect(refusal).toMatchObject({ code: 'storage.full', retryable: true });
    const count = async (): Promise<number | undefined> =>
      (await store.query<{ n: number }>('SELECT count() AS n FROM opinions'))[0]?.n;
    // The rows are one part and the note that their hours changed another: the disk may be full between the two.
    expect([inserted * 20, (inserted + 1) * 20]).toContain(await count());
    rmSync(ballast);
    await store.insert('opinions', refused, `b${inserted}`);
    expect(await count()).toBe((inserted + 1) * 20);
    const [byHour] = await store.query<{ n: number }>(
      "SELECT toUInt32(sum(documents)) AS n FROM opinions_by_hour WHERE dimension = 'all'",
    );
    expect(byHour?.n).toBe((inserted + 1) * 20);
    await store.close();
  });
});
