/**
 * What every store promises, as one suite that each adapter runs: idempotent writes, reads that count a row once, times
 * and numbers as the house writes them, and everything still there after a restart.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Alert, Document, Finding, Opinion } from '../../core/event.ts';
import { alertFromRow, alertRow, documentRow, findingRow, opinionRow } from '../../core/store/rows.ts';
import { MIGRATIONS } from '../../core/store/schema.ts';
import type { Store } from '../../core/store/store.ts';

export interface OpenedStore {
  store: Store;
  /** Closes the store and opens it again over the same data. */
  reopen(): Promise<Store>;
  cleanup(): Promise<void>;
}

export function exampleDocument(number: number, changes: Partial<Document> = {}): Document {
  return {
    schema_version: 1,
    id: `d${number}`,
    source: 'wire',
    feed: 'wire',
    source_class: 'news',
    author: null,
    url: `https://example.com/${number}`,
    title: `Harbour & Lane cuts its outlook, says "it's over" {x:String} 业绩预警`,
    text: 'Line one;\nSELECT 1; -- not a statement\t\\ \u0001 业绩',
    language: 'en',
    published_at: new Date(Date.UTC(2024, 0, 1) + number * 60_000 + 7).toISOString(),
    published_at_estimated: false,
    published_at_mark: 'stated',
    fetched_at: '2024-03-01T00:00:00.123Z',
    links: ['https://example.com/a?b=c'],
    cashtags: ['HLN'],
    entities: [
      { id: 'harbour-lane', surface: 'Harbour & Lane', relevance: 100 },
      { id: 'tide', surface: '潮', relevance: 100 },
    ],
    story: `s${number}`,
    novelty: 100,
    repost_of: null,
    coordinated: 0,
    ...changes,
  };
}

export function exampleOpinion(number: number, changes: Partial<Opinion> = {}): Opinion {
  return {
    schema_version: 1,
    document: exampleDocument(number),
    sentiment: 'negative',
    sentiment_probabilities: { negative: 0.75, neutral: 0.125, positive: 0.125 },
    topic: 'Earnings',
    topic_probabilities: { Earnings: 0.5, 'M&A | Investments': 0.25, "Analyst's Update": 0.25 },
    topics_zh: [],
    event: null,
    event_probability: null,
    entity_sentiments: [],
    confidence: 0.75,
    model: 'tide@1',
    labelled_at: '2024-03-01T00:00:01.000Z',
    ...changes,
  };
}

const alert: Alert = {
  schema_version: 1,
  alert_id: 'a1',
  revision: 1,
  state: 'firing',
  at: '2024-01-02T03:04:05.678Z',
  started_at: '2024-01-02T03:00:00.000Z',
  series: { kind: 'entity', entity: 'harbour-lane', topic: null },
  name: 'Harbour & Lane',
  severity: 'critical',
  detector: 'surge',
  observed: 12,
  expected: 1.5,
  interval: { low: 0, high: 4 },
  observed_share: 0.75,
  expected_share: 0.25,
  score: 5.25,
  documents: [],
  document_count: 12,
  story_count: 9,
  author_count: 7,
  source_count: 4,
  measure: 'negative',
  q_value: null,
  evidence: null,
  settings: 'settings',
  page_url: null,
  summary: { en: "12 against 1.5; it's much", zh: '负面舆情上升' },
  model: 'tide@1',
  incident: 'incident',
  labels: { kind: 'entity', severity: 'warning' },
  resolution: null,
};

export function exampleAlert(changes: Partial<Alert> = {}): Alert {
  return { ...alert, ...changes };
}

const finding: Finding = {
  schema_version: 1,
  id: 'f1',
  detector: 'surge',
  series: { kind: 'topic', entity: null, topic: 'Earnings' },
  window_start: '2024-01-02T03:00:00.000Z',
  window_end: '2024-01-02T04:00:00.000Z',
  observed: 12,
  expected: 1.5,
  interval: { low: 0, high: 4 },
  observed_share: 0.75,
  expected_share: 0.25,
  score: 5.25,
  p_value: null,
  q_value: 0.25,
  measure: 'negative',
  documents: 12,
  stories: 9,
  authors: 7,
  sources: 3,
  anomalous: true,
  reasons: ['12 is above 4'],
};

export function describeStoreContract(name: string, openStore: () => Promise<OpenedStore>): void {
  describe(`the ${name} store keeps the store contract`, { timeout: 60_000 }, () => {
    let opened: OpenedStore;
    let store: Store;
    beforeAll(async () => {
      opened = await openStore();
      store = opened.store;
      await store.migrate();
    }, 120_000);
    afterAll(() => opened.cleanup(), 60_000);

    const count = async (source: string): Promise<number> => {
      const [row] = await store.query<{ n: number }>(
        'SELECT count() AS n FROM opinions WHERE source = {source:String}',
        { source },
      );
      return row?.n ?? -1;
    };
    const opinions = (from: number, to: number, source: string): object[] =>
      Array.from({ length: to - from }, (_, index) =>
        opinionRow(exampleOpinion(from + index, { document: exampleDocument(from + index, { source }) })),
      );

    it('hands over the bytes of an answer in the format that the statement names, and the next reader gets none of a failed one', async () => {
      const bytes = await store.queryBytes(
        'SELECT number AS n, {s:String} AS s FROM numbers(2) FORMAT CSVWithNames SETTINGS readonly = 1',
        { s: '业绩' },
      );
      expect(Buffer.from(bytes).toString()).toBe('"n","s"\n0,"业绩"\n1,"业绩"\n');
      expect([...(await store.queryBytes('SELECT toUInt16(258) AS a FORMAT RowBinary'))]).toEqual([2, 1]);
      const failing =
        'SELECT number, throwIf(number = 200000) FROM numbers(300000) SETTINGS max_block_size = 1000 FORMAT JSONCompact';
      await expect(store.queryBytes(failing)).rejects.toThrow();
      expect(Buffer.from(await store.queryBytes('SELECT 1 FORMAT CSV')).toString()).toBe('1\n');
      await expect(store.query('SELECT throwIf(number = 200000) AS a FROM numbers(300000)')).rejects.toThrow();
      expect(await store.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    });

    it('migrates more than once without a change', async () => {
      await store.migrate();
      await store.migrate();
      const rows = await store.query<{ version: number }>('SELECT version FROM schema_migrations ORDER BY version');
      expect(rows.map((row) => row.version)).toEqual(MIGRATIONS.map(({ version }) => version));
    });

    it('counts a batch that was written twice once', async () => {
      const rows = opinions(0, 500, 'twice');
      await store.insert('opinions', rows, 'twice-1');
      await store.insert('opinions', rows, 'twice-1');
      expect(await count('twice')).toBe(500);
      const [raw] = await store.query<{ n: number }>(
        "SELECT count() AS n FROM opinions WHERE source = 'twice' SETTINGS final = 0",
      );
      expect(raw?.n).toBe(500);
    });

    it('counts rows once that came again in differently cut batches under other tokens', async () => {
      await store.insert('opinions', opinions(0, 60, 'cut'), 'cut-1');
      await store.insert('opinions', opinions(30, 90, 'cut'), 'cut-2');
      await store.insert('opinions', opinions(0, 100, 'cut'), 'cut-3');
      expect(await count('cut')).toBe(100);
    });

    it('keeps different batches under different tokens even when they hold equal rows of another table', async () => {
      await store.insert('documents', [documentRow(exampleDocument(1))], 'same-token');
      await store.insert('opinions', opinions(1, 2, 'tokens'), 'same-token');
      await store.insert('opinions', opinions(2, 3, 'tokens'), 'other-token');
      expect(await count('tokens')).toBe(2);
    });

    it('gives texts, lists, maps, numbers and times back as they were put in', async () => {
      const opinion = exampleOpinion(7, { document: exampleDocument(7, { source: 'exact' }) });
      await store.insert('opinions', [opinionRow(opinion)], 'exact');
      const [row] = await store.query("SELECT * FROM opinions WHERE source = 'exact'");
      expect(row).toEqual(opinionRow(opinion));
      await store.insert('documents', [documentRow(opinion.document)], 'exact');
      const [document] = await store.query("SELECT * FROM documents WHERE source = 'exact'");
      expect(document).toEqual(documentRow(opinion.document));
    });

    it('stores a row whose text ends in half of a sign, and the rest of its batch, with the half replaced', async () => {
      const rows = ['cut \ud83d', '\ude00 cut', 'whole 😀 业绩', 'written \\ud83d'].map((text, number) =>
        opinionRow(
          exampleOpinion(number, { document: exampleDocument(number, { source: 'halves', text, cashtags: [text] }) }),
        ),
      );
      await store.insert('opinions', rows, 'halves');
      const stored = await store.query(
        "SELECT text, cashtags FROM opinions WHERE source = 'halves' ORDER BY document_id",
      );
      const texts = ['cut \ufffd', '\ufffd cut', 'whole 😀 业绩', 'written \\ud83d'];
      expect(stored).toEqual(texts.map((text) => ({ text, cashtags: [text] })));
    });

    it('gives alerts back whole and findings by their columns', async () => {
      await store.insert('alerts', [alertRow(alert), alertRow({ ...alert, revision: 2, state: 'resolved' })], 'alerts');
      const rows = await store.query<{ body: string }>('SELECT body FROM alerts ORDER BY revision');
      expect(rows.map(alertFromRow)).toEqual([alert, { ...alert, revision: 2, state: 'resolved' }]);
      await store.insert('findings', [findingRow(finding)], 'findings');
      expect(await store.query('SELECT * FROM findings')).toEqual([findingRow(finding)]);
    });

    it('takes parameters: times with a Z, text that looks like SQL, lists, big integers', async () => {
      const [row] = await store.query(
        `SELECT {at:DateTime64(3)} AS at, {when:DateTime64(3, 'UTC')} AS date, {text:String} AS text,
           {list:Array(String)} AS list, {big:Int64} AS big, toUInt64(9007199254740991) AS most`,
        {
          at: '2024-01-02T03:04:05.678Z',
          when: new Date(1_704_164_645_678),
          text: `'; DROP TABLE opinions; -- "业绩" \\ {x:Int8}`,
          list: ["it's", '"b"', 'c\\'],
          big: 1_704_164_645_678,
        },
      );
      expect(row).toEqual({
        at: '2024-01-02T03:04:05.678Z',
        date: '2024-01-02T03:04:05.678Z',
        text: `'; DROP TABLE opinions; -- "业绩" \\ {x:Int8}`,
        list: ["it's", '"b"', 'c\\'],
        big: 1_704_164_645_678,
        most: 9_007_199_254_740_991,
      });
    });

    it('finds rows by time range and entity', async () => {
      await store.insert('opinions', opinions(0, 120, 'range'), 'range');
      const rows = await store.query<{ n: number; hour: string }>(
        `SELECT toStartOfHour(published_at) AS hour, count() AS n FROM opinions
         WHERE published_at >= {from:DateTime64(3)} AND published_at < {to:DateTime64(3)}
           AND has(entities, {entity:String}) AND source = 'range' GROUP BY hour ORDER BY hour`,
        { from: '2024-01-01T00:30:00.000Z', to: '2024-01-01T01:30:00.000Z', entity: 'tide' },
      );
      expect(rows).toEqual([
        { hour: '2024-01-01T00:00:00Z', n: 30 },
        { hour: '2024-01-01T01:00:00Z', n: 30 },
      ]);
    });

    it('takes a batch that spans many months', async () => {
      const rows = Array.from({ length: 150 }, (_, month) =>
        opinionRow(
          exampleOpinion(month, {
            document: exampleDocument(month, {
              source: 'months',
              published_at: new Date(Date.UTC(2012, month, 1)).toISOString(),
            }),
          }),
        ),
      );
      await store.insert('opinions', rows, 'months');
      await store.insert('opinions', rows, 'months');
      expect(await count('months')).toBe(150);
    });

    it('answers many questions and writes asked for at once', async () => {
      const answers = Array.from({ length: 20 }, (_, index) =>
        store.query<{ n: number }>('SELECT {n:UInt32} AS n', { n: index }),
      );
      const writes = Array.from({ length: 10 }, (_, index) =>
        store.insert('opinions', opinions(index, index + 1, 'many'), `many-${index}`),
      );
      expect((await Promise.all(answers)).map((rows) => rows[0]?.n)).toEqual(answers.map((_, index) => index));
      await Promise.all(writes);
      expect(await count('many')).toBe(10);
    });

    it('names a wrong statement as a defect and goes on', async () => {
      await expect(store.query('SELECT nothing FROM nowhere')).rejects.toMatchObject({ code: 'internal' });
      await expect(store.query('SELEC 1')).rejects.toMatchObject({ code: 'internal' });
      expect(await store.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    });

    it('takes an insert of nothing as done', async () => {
      await store.insert('opinions', [], 'nothing');
    });

    it('keeps everything over a restart, and still recognises a repeated batch', async () => {
      const rows = opinions(0, 10, 'restart');
      await store.insert('opinions', rows, 'restart');
      store = await opened.reopen();
      await store.migrate();
      await store.insert('opinions', rows, 'restart');
      const [raw] = await store.query<{ n: number }>(
        "SELECT count() AS n FROM opinions WHERE source = 'restart' SETTINGS final = 0",
      );
      expect(raw?.n).toBe(10);
    });

    it('refuses work after it was closed', async () => {
      await store.close();
      await expect(store.query('SELECT 1')).rejects.toMatchObject({ code: 'storage.unavailable' });
      store = await opened.reopen();
      expect(await store.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    });
  });
}
