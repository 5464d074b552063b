/**
 * What every store promises of its counts by minute, hour and day: they say what the opinions say, whatever happened to a
 * document and however far behind the counting is. Run by each adapter beside the store contract.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countChanged } from '../../core/store/counting.ts';
import { COUNT_HOURS, HOURS_QUERY } from '../../core/store/counts.ts';
import { removeFromStore } from '../../core/store/removal.ts';
import { documentRow, opinionRow } from '../../core/store/rows.ts';
import type { Store } from '../../core/store/store.ts';
import { exampleDocument, exampleOpinion, type OpenedStore } from './store.ts';

const NOW = Date.UTC(2024, 2, 1);
const GRAINS = { minute: 'toStartOfMinute', hour: 'toStartOfHour', day: 'toStartOfDay' } as const;
const TOPICS = ['Earnings', 'Markets', 'Regulation'];
const SENTIMENTS = ['negative', 'neutral', 'positive'] as const;

interface Counted {
  documents: number;
  sum_negative: number;
}

export function describeCountsContract(name: string, openStore: () => Promise<OpenedStore>): void {
  describe(`the ${name} store's counts say what its opinions say`, { timeout: 60_000 }, () => {
    let opened: OpenedStore;
    let store: Store;
    beforeAll(async () => {
      opened = await openStore();
      store = opened.store;
      await store.migrate();
      await insert(0, 400, 'first');
    }, 120_000);
    afterAll(() => opened.cleanup(), 60_000);

    function row(number: number, turn = 0): object {
      const document = exampleDocument(number, {
        source: `wire-${number % 3}`,
        language: number % 4 === 0 ? 'zh' : 'en',
        published_at: new Date(Date.UTC(2024, 0, 30, 20) + number * 97_000).toISOString(),
        entities: [
          { id: `company-${number % 5}`, surface: 'a', relevance: 100 },
          { id: `company-${number % 5}`, surface: 'b', relevance: 100 },
          { id: `country-${number % 2}`, surface: 'c', relevance: 50 },
        ],
      });
      return opinionRow(
        exampleOpinion(number, {
          document,
          topic: TOPICS[(number + turn) % TOPICS.length] ?? '',
          sentiment: SENTIMENTS[(number + turn) % SENTIMENTS.length] ?? 'neutral',
          labelled_at: new Date(NOW + turn * 1000).toISOString(),
        }),
      );
    }
    async function insert(from: number, to: number, token: string, turn = 0): Promise<void> {
      const rows = Array.from({ length: to - from }, (_, index) => row(from + index, turn));
      await store.insert('opinions', rows, token);
    }

    /** Both ways of asking give the same for each grain and dimension; resolves to the number of documents. */
    async function agreement(): Promise<number> {
      const cells = `arrayJoin(arrayConcat([('all', ''), ('topic', toString(topic)), ('source', toString(source)), ('language', toString(language))],
        arrayMap(e -> ('entity', toString(e)), arrayDistinct(entities))))`;
      for (const [grain, start] of Object.entries(GRAINS)) {
        const kept = await store.query<Counted>(
          `SELECT dimension, member, at, sum(documents) AS documents, sum(negatives) AS negatives, sum(neutrals) AS neutrals,
             sum(positives) AS positives, sum(sum_negative) AS sum_negative
           FROM opinions_by_${grain} GROUP BY dimension, member, at ORDER BY dimension, member, at`,
        );
        const asked = await store.query<Counted>(
          `SELECT cell.1 AS dimension, cell.2 AS member, at, count() AS documents, countIf(sentiment = 'negative') AS negatives,
             countIf(sentiment = 'neutral') AS neutrals, countIf(sentiment = 'positive') AS positives, sum(negative) AS sum_negative
           FROM (SELECT *, ${cells} AS cell, ${start}(published_at) AS at FROM opinions)
           GROUP BY dimension, member, at ORDER BY dimension, member, at`,
        );
        expect(kept, grain).toEqual(asked);
        expect(new Set(kept.map((one) => (one as unknown as { dimension: string }).dimension)).size).toBe(
          kept.length === 0 ? 0 : 5,
        );
      }
      const [all] = await store.query<Counted>(
        "SELECT sum(documents) AS documents, 0 AS sum_negative FROM opinions_by_day WHERE dimension = 'all'",
      );
      return all?.documents ?? -1;
    }
    const countAll = async (): Promise<void> => {
      while ((await countChanged(store, {}, NOW)) > 0) continue;
    };

    it('before they were counted, in between, and after', async () => {
      expect(await agreement()).toBe(400);
      expect(await countChanged(store, {}, NOW)).toBeGreaterThan(0);
      expect(await agreement()).toBe(400);
      await countAll();
      expect(await agreement()).toBe(400);
      const [rows] = await store.query<{ n: number }>(
        "SELECT sum(documents) AS n FROM opinion_counts WHERE grain = 'day' AND dimension = 'all'",
      );
      expect(rows?.n).toBe(400);
    });

    it('when documents come twice, in other batches and late', async () => {
      await insert(0, 400, 'first');
      await insert(350, 420, 'again');
      expect(await agreement()).toBe(420);
      await countAll();
      await insert(3, 4, 'late and again');
      expect(await agreement()).toBe(420);
    });

    it('when documents are labelled again: no label counts that was replaced', async () => {
      await countAll();
      await insert(100, 300, 'labelled again', 1);
      expect(await agreement()).toBe(420);
      await countAll();
      expect(await agreement()).toBe(420);
    });

    it('when a counter that was overtaken writes what it read before', async () => {
      await insert(0, 50, 'before the slow one', 2);
      const due = await store.query<{ at: number; changes: number }>(HOURS_QUERY, { limit: 100 });
      await insert(0, 50, 'after the slow one', 3);
      await countAll();
      const old = { hours: due.map(({ at }) => at), changes: due.map(({ changes }) => changes) };
      // The slow one's rows and mark, as of its reading.
      for (const statement of COUNT_HOURS) await store.command(statement, old);
      expect(await agreement()).toBe(420);
    });

    it('when a source, an author’s document or a story is forgotten, and when that was cut off half way', async () => {
      await countAll();
      await store.insert('documents', [documentRow(exampleDocument(7))], 'documents');
      await removeFromStore(store, [{ kind: 'source', values: ['wire-1'], outlet: null }]);
      expect(await agreement()).toBe(280);
      await countAll();
      const targets = [{ kind: 'document' as const, values: ['d2', 'd5', 'd200'], outlet: null }];
      const dying: Store = {
        ...store,
        async command(sql, params) {
          await store.command(sql, params);
          if (sql.startsWith('ALTER TABLE opinions ')) throw new Error('killed');
        },
      };
      await expect(removeFromStore(dying, targets)).rejects.toThrow('killed');
      // Somebody counts before it is taken up again: of hours that look counted.
      await countAll();
      await removeFromStore(store, targets);
      expect(await agreement()).toBe(277);
      await countAll();
      expect(await agreement()).toBe(277);
      const [left] = await store.query<{ n: number }>(
        "SELECT count() AS n FROM opinion_counts WHERE member = 'wire-1'",
      );
      expect(left?.n).toBe(0);
    });

    it.each([1, 2, 3])('where opinions are kept for %i days only', async (days) => {
      await countAll();
      const now = Date.UTC(2025, 0, days, 12);
      const hours = [now - 2 * 3_600_000, now - (days * 12 - 1) * 3_600_000];
      const rows = hours.map((at, index) =>
        opinionRow(
          exampleOpinion(index, {
            document: exampleDocument(index, {
              id: `kept-${days}-${index}`,
              source: `kept-${days}`,
              published_at: new Date(at).toISOString(),
            }),
          }),
        ),
      );
      await store.insert('opinions', rows, `kept ${days}`);
      while ((await countChanged(store, { opinions_days: days }, now)) > 0) continue;
      for (const grain of Object.keys(GRAINS)) {
        const [counted] = await store.query<{ n: number }>(
          `SELECT sum(documents) AS n FROM opinions_by_${grain} WHERE dimension = 'source' AND member = {member:String}`,
          { member: `kept-${days}` },
        );
        expect([grain, counted?.n]).toEqual([grain, rows.length]);
      }
      await store.command('ALTER TABLE opinions DELETE WHERE source = {source:String}', { source: `kept-${days}` });
    });

    it('and outlive opinions that retention took, as far as those were counted', async () => {
      await countAll();
      const before = await store.query("SELECT * FROM opinions_by_hour WHERE dimension = 'all' ORDER BY at");
      await store.command("ALTER TABLE opinions DELETE WHERE published_at < '2024-01-31 12:00:00'");
      await store.insert('opinions', [row(1, 5)], 'long after');
      const late = Date.UTC(2024, 5, 1);
      while ((await countChanged(store, { opinions_days: 100 }, late)) > 0) continue;
      expect(await store.query("SELECT * FROM opinions_by_hour WHERE dimension = 'all' ORDER BY at")).toEqual(before);
    });
  });
}
