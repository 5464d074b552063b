/**
 * Idempotency keys: a client that does not know whether its post arrived sends it again under the same key, and gets the
 * first answer again, to the word. Without a key a repeated post is harmless too (its documents count as duplicates).
 * After draft-ietf-httpapi-idempotency-key-header-07: 400 for a key that is none, 409 while the first post is being
 * worked on, 422 where the same key comes with another body.
 */
import { createHash } from 'node:crypto';
import type { Context } from '../../core/component.ts';
import { RequestProblem } from './http_body.ts';

/** What a post was answered with. */
export interface KeptAnswer {
  readonly status: number;
  readonly body: object;
}

interface KeptRow extends KeptAnswer {
  /** SHA-256 of the posted body. */
  readonly fingerprint: string;
  /** Epoch milliseconds from which the key is free. Versions before this one wrote the row by the hour alone. */
  readonly ends?: number;
}

export interface IdempotencyKeys {
  /**
   * The answer that was given under this key; else that of `work`, kept where it is a 202.
   * @throws RequestProblem 400, 409, 422, and what `work` throws (the key then stays free)
   */
  once(
    key: string | undefined,
    body: Buffer,
    work: () => Promise<KeptAnswer>,
  ): Promise<KeptAnswer & { isRepeated: boolean }>;
}

const LIFETIME_HOURS = 24;
const HOUR_MS = 3_600_000;
const SWEPT_ROWS = 200;

export function openIdempotencyKeys(context: Context): IdempotencyKeys {
  const kept = context.state.table<KeptRow>('ingest_http_keys');
  // The same rows by the hour in which they end, so that a sweep reads only what it removes.
  const byHour = context.state.table<true>('ingest_http_keys_by_hour');
  const working = new Set<string>();
  const hour = (): number => Math.floor(context.clock.now() / HOUR_MS);

  const due = (limit?: number): string[] =>
    Array.from(byHour.entries({ to: hourKey(hour()), ...(limit === undefined ? {} : { limit }) }), ({ key }) => key);

  async function keep(id: string, row: KeptRow): Promise<void> {
    const swept = due(SWEPT_ROWS);
    // Under a key that was used anew since there is a younger row, which ends later.
    const over = swept.map(idOf).filter((one) => (kept.get(one)?.ends ?? 0) <= context.clock.now());
    const ends = context.clock.now() + LIFETIME_HOURS * HOUR_MS;
    await context.state.transaction(() => {
      for (const key of swept) void byHour.remove(key);
      for (const one of over) void kept.remove(one);
      // After these: the row of a day ago under this very key may be among them.
      void kept.put(id, { ...row, ends });
      void byHour.put(`${hourKey(hour() + LIFETIME_HOURS)}:${id}`, true);
    });
  }

  /** What is kept under a key whose time is not over, whether or not a sweep came by since: only a new key brings one. */
  function living(id: string): KeptRow | undefined {
    const row = kept.get(id);
    if (row === undefined) return undefined;
    const isOver = row.ends === undefined ? due().some((key) => idOf(key) === id) : row.ends <= context.clock.now();
    return isOver ? undefined : row;
  }

  return {
    async once(key, body, work) {
      if (key === undefined) return { ...(await work()), isRepeated: false };
      // The draft writes the key as a quoted string; most clients leave the quotes out.
      const name = key.trim().replace(/^"(.*)"$/, '$1');
      if (name === '' || name.length > 255)
        throw new RequestProblem(400, 'input.invalid', 'Idempotency-Key must have 1 to 255 characters.');
      const id = digest(`${context.name}\n${name}`);
      const fingerprint = digest(body);
      const before = living(id);
      if (before !== undefined && before.fingerprint !== fingerprint) {
        throw new RequestProblem(
          422,
          'input.invalid',
          'This Idempotency-Key was used for another body; take a new key for each post.',
        );
      }
      if (before !== undefined) return { status: before.status, body: before.body, isRepeated: true };
      if (working.has(id)) {
        throw new RequestProblem(409, 'input.invalid', 'A post under this Idempotency-Key is being worked on.', {
          'retry-after': '1',
        });
      }
      working.add(id);
      try {
        const answer = await work();
        // Nothing of a refused body was taken: the key stays free for the mended one.
        if (answer.status === 202) await keep(id, { ...answer, fingerprint });
        return { ...answer, isRepeated: false };
      } finally {
        working.delete(id);
      }
    },
  };
}

function digest(value: string | Buffer): string {
  return createHash('sha256').update(value).digest('hex');
}

function hourKey(hours: number): string {
  return String(hours).padStart(9, '0');
}

function idOf(key: string): string {
  return key.slice(key.indexOf(':') + 1);
}
