import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createReplayClock } from '../../core/clock.ts';
import { openState } from '../../core/state/lmdb.ts';
import type { State } from '../../core/state/state.ts';
import { createSilenceKeeper, type SilenceKeeper } from '../../ingest/silence.ts';
import type { SourceCondition } from '../../ingest/source.ts';

const HOUR = 3_600_000;
const MINUTE = 60_000;
const RULES = { quietProbability: 1e-6, deadAfterMs: 24 * HOUR };
const condition = (status: SourceCondition['status']): SourceCondition => ({
  status,
  reason: status === 'failing' ? 'HTTP 503' : null,
  last_success_at: null,
  next_attempt_at: null,
});
const OK = condition('ok');

let folder: string;
let state: State;
let clock: ReturnType<typeof createReplayClock>;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidewatch-silence-'));
  state = await openState(folder);
  clock = createReplayClock(Date.UTC(2026, 2, 2));
});
afterEach(async () => {
  await state.close();
  await rm(folder, { recursive: true, force: true });
});

const start = (): SilenceKeeper => createSilenceKeeper('wire', RULES, { clock, state });
/** Looks each minute; `each` says how many documents came in it. */
async function pass(keeper: SilenceKeeper, ms: number, each = 0, seen = OK): Promise<void> {
  for (const end = clock.now() + ms; clock.now() < end;) {
    clock.advanceTo(clock.now() + MINUTE);
    keeper.brought(each, 30);
    await keeper.look(seen);
  }
}
/** As a process that is stopped, or with `isKilled` one that is not asked. */
async function restart(keeper: SilenceKeeper, { downMs, isKilled = false }: { downMs: number; isKilled?: boolean }) {
  if (!isKilled) await keeper.keep();
  await state.close();
  state = await openState(folder);
  clock.advanceTo(clock.now() + downMs);
  return start();
}
/** A wire with a document a minute that has been silent for 45 minutes: quiet. */
async function quiet(): Promise<SilenceKeeper> {
  const keeper = start();
  await pass(keeper, 192 * HOUR, 1);
  expect(keeper.judge(OK).status).toBe('ok');
  await pass(keeper, 45 * MINUTE);
  expect(keeper.judge(OK).status).toBe('quiet');
  return keeper;
}

describe('the silence of a source', () => {
  it('goes on over a restart: quiet before, quiet after, since the same document', async () => {
    const before = await quiet();
    const after = await restart(before, { downMs: 5 * MINUTE });
    expect(after.judge(condition('starting')).status).toBe('starting');
    await pass(after, MINUTE);
    expect(after.judge(OK)).toMatchObject({ status: 'quiet', usualPerHour: before.judge(OK).usualPerHour });
    expect(after.judge(OK).reason).toContain('nothing since 2026-03-10T00:00:00.000Z');
    expect(after.judge(OK).cause).toMatchObject({ kind: 'silence', since: '2026-03-10T00:00:00.000Z' });
  });

  it('that was told is still quiet after a kill', async () => {
    const before = await quiet();
    // As the supervisor does when it has told.
    await before.keep();
    await pass(before, 10 * MINUTE);
    const after = await restart(before, { downMs: MINUTE, isKilled: true });
    await pass(after, MINUTE);
    expect(after.judge(OK).status).toBe('quiet');
  });

  it('does not teach that silence is usual, though there was a restart in it', async () => {
    const before = await quiet();
    await pass(before, 6 * HOUR);
    const after = await restart(before, { downMs: MINUTE });
    await pass(after, 48 * HOUR);
    expect(after.judge(OK).usualPerHour).toBeCloseTo(60, 0);
    expect(after.judge(OK).status).toBe('quiet');
  });

  it('is not made longer by a stop of ours, nor ended or made longer by a failure of the source', async () => {
    const keeper = start();
    await pass(keeper, 192 * HOUR, 1);
    await pass(keeper, 5 * MINUTE);
    const after = await restart(keeper, { downMs: 10 * HOUR });
    await pass(after, 3 * MINUTE);
    expect(after.judge(OK).status).toBe('ok');
    await pass(after, 10 * HOUR, 0, condition('failing'));
    await pass(after, MINUTE);
    expect(after.judge(OK).status).toBe('ok');
    await pass(after, 40 * MINUTE);
    expect(after.judge(OK).status).toBe('quiet');
    await pass(after, MINUTE, 0, condition('failing'));
    await pass(after, MINUTE);
    expect(after.judge(OK).status).toBe('quiet');
    after.brought(1, 30);
    expect(after.judge(OK).status).toBe('ok');
  });

  it('ends with the first document, and the time of it and its lag outlive a restart', async () => {
    const before = await quiet();
    before.brought(2, 90);
    expect(before.judge(OK).status).toBe('ok');
    const at = clock.now();
    expect((await restart(before, { downMs: HOUR })).last()).toEqual({ at, lagSecs: 90 });
  });

  it('that is broken by many failures keeps its longest parts, and no more than 200 of them', async () => {
    const keeper = await quiet();
    for (let break_ = 0; break_ < 300; break_ += 1) {
      await pass(keeper, MINUTE, 0, condition('failing'));
      await pass(keeper, MINUTE);
    }
    expect(keeper.judge(OK).status).toBe('quiet');
    await keeper.keep();
    const { watched } = state.table<{ watched: unknown[] }>('ingest_silences').get('wire') ?? { watched: [] };
    expect(watched).toHaveLength(200);
  });
});
