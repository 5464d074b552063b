/**
 * Who tells, where several alerting processes share a store: each item (alert_id:revision, a notifier) is claimed by a row
 * before it is sent. The claim is an insert under a deterministic token: ClickHouse keeps the first batch of a token and
 * ignores the others (insert_deduplication_token; by ZooKeeper or Keeper on replicated tables), so of two that claim at
 * once one row is kept, and reading it back tells both whose it is. No clock is compared, only the lease is timed.
 *
 * A claimer that died before it sent is followed after `leaseMs` by a claim of the next generation. The one case that can
 * tell twice is left open on purpose: sent, and killed before the row `sent` was written. At least once; the message
 * carries the same id, so that a receiver can see it. Rejected: Kafka transactions (receivers are not on Kafka).
 */
import type { Clock } from '../core/clock.ts';
import { isoTime, stableId } from '../core/event.ts';
import type { Store } from '../core/store/store.ts';

export interface Claims {
  /**
   * Claims items for a notifier. `mine`: those to send now. `held`: another process has claimed them and not sent them
   * yet; ask again in `againMs`. Items that were told already are in neither.
   * @throws TidewatchError storage.*
   */
  take(notifier: string, items: readonly string[]): Promise<Claim>;
  /** @throws TidewatchError storage.* */
  sent(notifier: string, items: readonly string[]): Promise<void>;
}

export interface Claim {
  readonly mine: readonly string[];
  readonly held: readonly string[];
  readonly againMs: number;
}

interface Row {
  readonly item: string;
  readonly status: string;
  readonly generation: number;
  readonly owner: string;
  readonly at: string;
}

export const LEASE_MS = 60_000;

/** `owner` names this process and outlives its restarts. */
export function createClaims(store: Store, owner: string, clock: Clock, leaseMs = LEASE_MS): Claims {
  const read = (notifier: string, items: readonly string[]): Promise<Row[]> =>
    store.query<Row>(
      `SELECT item, status, generation, owner, at FROM notifications
       WHERE notifier = {notifier:String} AND has({items:Array(String)}, item) AND status IN ('claimed', 'sent')
       ORDER BY item, generation`,
      { notifier, items: [...items] },
    );

  const write = (notifier: string, item: string, status: 'claimed' | 'sent', generation: number): Promise<void> =>
    store.insert(
      'notifications',
      [
        {
          item,
          notifier,
          status,
          generation,
          alert_id: item.slice(0, item.indexOf(':')),
          owner,
          at: isoTime(clock.now()),
          reason: '',
        },
      ],
      stableId(status, notifier, item, String(generation)),
    );

  return {
    async take(notifier, items) {
      const before = standing(await read(notifier, items));
      let claimed = false;
      for (const item of items) {
        const { sent, holder } = before.get(item) ?? { sent: false, holder: null };
        const free = holder === null || (holder.owner !== owner && Date.parse(holder.at) + leaseMs <= clock.now());
        if (sent || !free) continue;
        await write(notifier, item, 'claimed', (holder?.generation ?? 0) + 1);
        claimed = true;
      }
      const after = claimed ? standing(await read(notifier, items)) : before;
      const mine: string[] = [];
      const held: string[] = [];
      for (const item of items) {
        const { sent, holder } = after.get(item) ?? { sent: false, holder: null };
        if (sent) continue;
        (holder?.owner === owner ? mine : held).push(item);
      }
      // Soon: the holder usually needs a second.
      return { mine, held, againMs: Math.min(2000, leaseMs) };
    },
    async sent(notifier, items) {
      for (const item of items) await write(notifier, item, 'sent', 1);
    },
  };
}

function standing(rows: readonly Row[]): Map<string, { sent: boolean; holder: Row | null }> {
  const found = new Map<string, { sent: boolean; holder: Row | null }>();
  for (const row of rows) {
    const one = found.get(row.item) ?? { sent: false, holder: null };
    found.set(row.item, row.status === 'sent' ? { ...one, sent: true } : { ...one, holder: row });
  }
  return found;
}
