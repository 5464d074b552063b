/**
 * The tables, as an ordered list of migrations; what has run is in `schema_migrations`. One process runs them (migrate.ts);
 * statements are idempotent all the same, so a migration that was cut off is run again by the next. Never edit a released migration: add one.
 *
 * Every table is a ReplacingMergeTree whose sorting key holds the row's identity: a row written twice, in whatever
 * batches, counts once in a read with final = 1. `non_replicated_deduplication_window` makes plain MergeTree heed
 * insert_deduplication_token, so that a repeated batch is not even written. `fsync_after_insert` makes an
 * acknowledged batch survive a power cut, not only a kill.
 * An opinion's key is its document, not its model: relabelling by a new model replaces the old label (the later
 * labelled_at wins), so that no total counts a document twice. A candidate's labels never enter this table.
 * Sorting by time first serves the house's questions (a time range, then entity or topic) and lets months merge on their
 * own. Rejected: topic first (an hour of all topics would touch 20 ranges a part), TTLs in the schema (history is the product:
 * days are kept for ever unless `store.retention` says otherwise, retention.ts).
 */

import { countsStatements } from './counts.ts';

export interface Migration {
  /** Never reused, in order. */
  readonly version: number;
  readonly name: string;
  readonly statements: readonly string[];
}

/** How many batches back a repeated insert token is recognised, a partition. */
export const DEDUPLICATION_WINDOW = 10_000;

const KEEP = `non_replicated_deduplication_window = ${DEDUPLICATION_WINDOW}, fsync_after_insert = 1, fsync_part_directory = 1`;
const TIME = `DateTime64(3, 'UTC')`;
const LABEL = 'LowCardinality(String)';

/** Created before all others, by hand: which others have run, and who runs them now (migrate.ts). */
export const MIGRATION_TABLES: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS schema_migrations (
    version UInt32, name String, applied_at ${TIME}
  ) ENGINE = ReplacingMergeTree ORDER BY version`,
  `CREATE TABLE IF NOT EXISTS migration_claims (
    generation UInt64, owner String, state ${LABEL}, at ${TIME} DEFAULT now64(3)
  ) ENGINE = MergeTree ORDER BY (generation, at) SETTINGS ${KEEP}`,
];

export const MIGRATIONS: readonly Migration[] = [
  {
    version: 1,
    name: 'documents, opinions, findings, alerts',
    statements: [
      `CREATE TABLE IF NOT EXISTS documents (
        id String, source ${LABEL}, feed ${LABEL}, source_class ${LABEL}, author String, url String CODEC(ZSTD(3)),
        title String CODEC(ZSTD(3)), text String CODEC(ZSTD(3)), language ${LABEL},
        published_at ${TIME}, published_at_estimated Bool, fetched_at ${TIME},
        links Array(String), cashtags Array(String), entities Array(${LABEL}), entity_surfaces Array(String),
        story String, novelty UInt8
      ) ENGINE = ReplacingMergeTree(fetched_at) PARTITION BY toYYYYMM(published_at)
      ORDER BY (published_at, id) SETTINGS ${KEEP}`,
      `CREATE TABLE IF NOT EXISTS opinions (
        document_id String, published_at ${TIME}, labelled_at ${TIME}, fetched_at ${TIME}, published_at_estimated Bool,
        source ${LABEL}, feed ${LABEL}, source_class ${LABEL}, author String, url String CODEC(ZSTD(3)), title String CODEC(ZSTD(3)),
        text String CODEC(ZSTD(3)), language ${LABEL}, cashtags Array(String),
        entities Array(${LABEL}), story String, novelty UInt8,
        sentiment ${LABEL}, negative Float32, neutral Float32, positive Float32, confidence Float32,
        topic ${LABEL}, topic_probabilities Map(${LABEL}, Float32), model ${LABEL}
      ) ENGINE = ReplacingMergeTree(labelled_at) PARTITION BY toYYYYMM(published_at)
      ORDER BY (published_at, document_id) SETTINGS ${KEEP}`,
      `CREATE TABLE IF NOT EXISTS findings (
        id String, detector ${LABEL}, series_kind ${LABEL}, entity ${LABEL}, topic ${LABEL},
        window_start ${TIME}, window_end ${TIME}, observed Float64, expected Float64,
        interval_low Float64, interval_high Float64, observed_share Float32, expected_share Float32,
        score Float64, p_value Nullable(Float64), documents UInt32, stories UInt32, authors UInt32,
        anomalous Bool, reasons Array(String)
      ) ENGINE = ReplacingMergeTree PARTITION BY toYYYYMM(window_end)
      ORDER BY (window_end, id) SETTINGS ${KEEP}`,
      // Few rows and looked up by alert: no partitions, so that a revision replaces itself whatever its times say.
      `CREATE TABLE IF NOT EXISTS alerts (
        alert_id String, revision UInt32, state ${LABEL}, at ${TIME}, started_at ${TIME},
        series_kind ${LABEL}, entity ${LABEL}, topic ${LABEL}, name String, severity ${LABEL}, detector ${LABEL},
        observed Float64, expected Float64, observed_share Float32, expected_share Float32, score Float64,
        document_count UInt32, story_count UInt32, author_count UInt32, model ${LABEL}, body String CODEC(ZSTD(3))
      ) ENGINE = ReplacingMergeTree ORDER BY (alert_id, revision) SETTINGS ${KEEP}`,
    ],
  },
  {
    version: 2,
    name: 'events, Chinese topics, sentiment by entity; relevance, reposts, coordination',
    statements: [
      `ALTER TABLE documents ADD COLUMN IF NOT EXISTS published_at_mark ${LABEL} DEFAULT 'stated',
        ADD COLUMN IF NOT EXISTS entity_relevances Array(UInt8), ADD COLUMN IF NOT EXISTS repost_of String,
        ADD COLUMN IF NOT EXISTS coordinated Float32`,
      `ALTER TABLE opinions ADD COLUMN IF NOT EXISTS published_at_mark ${LABEL} DEFAULT 'stated',
        ADD COLUMN IF NOT EXISTS entity_relevances Array(UInt8), ADD COLUMN IF NOT EXISTS coordinated Float32,
        ADD COLUMN IF NOT EXISTS topics_zh Array(${LABEL}), ADD COLUMN IF NOT EXISTS event ${LABEL},
        ADD COLUMN IF NOT EXISTS event_probability Nullable(Float32), ADD COLUMN IF NOT EXISTS entity_sentiments String`,
    ],
  },
  {
    version: 3,
    name: 'series by key; q-values, measures, sources',
    statements: [
      `ALTER TABLE findings ADD COLUMN IF NOT EXISTS series ${LABEL}, ADD COLUMN IF NOT EXISTS q_value Nullable(Float64),
        ADD COLUMN IF NOT EXISTS measure ${LABEL} DEFAULT 'negative', ADD COLUMN IF NOT EXISTS sources UInt32`,
      `ALTER TABLE alerts ADD COLUMN IF NOT EXISTS series ${LABEL}`,
    ],
  },
  {
    version: 4,
    name: 'actions of people on alerts, and what became of notifications',
    statements: [
      // The audit log: rows are only ever added (core/action.ts).
      `CREATE TABLE IF NOT EXISTS actions (
        id String, at ${TIME}, kind ${LABEL}, author String, via ${LABEL}, target String, body String CODEC(ZSTD(3))
      ) ENGINE = ReplacingMergeTree ORDER BY (at, id) SETTINGS ${KEEP}`,
      // A row a step: claimed (only where several processes share the store), sent, failed. item: alert_id:revision.
      `CREATE TABLE IF NOT EXISTS notifications (
        item String, notifier ${LABEL}, status ${LABEL}, generation UInt32, alert_id String, owner String,
        at ${TIME}, reason String
      ) ENGINE = ReplacingMergeTree ORDER BY (item, notifier, status, generation) SETTINGS ${KEEP}`,
    ],
  },
  {
    version: 5,
    name: 'what was taken back: an audit without the content',
    statements: [
      // target: the document's id, the source's name, or of an author a hash that cannot be turned back.
      `CREATE TABLE IF NOT EXISTS removals (
        id String, kind ${LABEL}, target String, taken_by ${LABEL}, reason String,
        requested_at ${TIME}, done_at ${TIME}, removed Map(String, UInt64), remaining UInt64
      ) ENGINE = ReplacingMergeTree(done_at) ORDER BY id SETTINGS ${KEEP}`,
    ],
  },
  {
    version: 6,
    name: 'feedback of analysts on labels and alerts',
    statements: [
      // Rows are only ever added (core/feedback.ts). No text of a document; `forget` finds its rows by document_id.
      `CREATE TABLE IF NOT EXISTS feedback (
        id String, at ${TIME}, kind ${LABEL}, author String, via ${LABEL}, document_id String, alert_id String,
        value String, reason String CODEC(ZSTD(3)), takes_back String, model ${LABEL}, model_value String
      ) ENGINE = ReplacingMergeTree ORDER BY (document_id, alert_id, at, id) SETTINGS ${KEEP}`,
    ],
  },
  {
    version: 7,
    name: 'search by words and by meaning; what people read',
    statements: [
      // terms: hashes of words and of pairs of Chinese signs (core/search/terms.ts), repeated as often as they occur.
      // vector: whole numbers of int8, which bfloat16 holds exactly: ClickHouse compares those five times as fast.
      `CREATE TABLE IF NOT EXISTS search (
        document_id String, published_at ${TIME}, labelled_at ${TIME}, language ${LABEL}, story String,
        space ${LABEL}, terms Array(UInt32), vector Array(BFloat16)
      ) ENGINE = ReplacingMergeTree(labelled_at) PARTITION BY toYYYYMM(published_at)
      ORDER BY (published_at, document_id) SETTINGS ${KEEP}`,
      // Rows are only ever added (core/reading.ts); forget finds them by document_id.
      `CREATE TABLE IF NOT EXISTS reading (
        id String, at ${TIME}, kind ${LABEL}, author String, document_id String, story String,
        place UInt16, propensity Float32, features Array(Float32)
      ) ENGINE = ReplacingMergeTree ORDER BY (author, at, id) SETTINGS ${KEEP}`,
    ],
  },
  {
    version: 8,
    name: 'the audit log of changes; when an alert was stored',
    statements: [
      // Rows are only ever added (core/audit.ts): who changed what, by which token, from where.
      `CREATE TABLE IF NOT EXISTS audit (
        id String, at ${TIME}, operation ${LABEL}, actor String, role ${LABEL}, via ${LABEL}, target String,
        request_id String, address String, detail String CODEC(ZSTD(3))
      ) ENGINE = ReplacingMergeTree ORDER BY (at, id) SETTINGS ${KEEP}`,
      // By the machine's clock, where `at` is event time: what a reader of live events missed is found by it.
      `ALTER TABLE alerts ADD COLUMN IF NOT EXISTS stored_at ${TIME} DEFAULT at`,
    ],
  },
  {
    version: 9,
    name: 'codecs of ids and times',
    statements: [
      // Hexadecimal ids pack to half by ZSTD and not at all by LZ4; times beside each other differ little
      // (docs/decisions/0002-store.md). Parts take it up as they merge.
      `ALTER TABLE documents ${codecs(['id', 'story'], ['published_at', 'fetched_at'])}`,
      `ALTER TABLE opinions ${codecs(['document_id', 'story'], ['published_at', 'labelled_at', 'fetched_at'])}`,
    ],
  },
  {
    version: 10,
    name: 'counts by minute, hour and day',
    statements: countsStatements({ keep: KEEP, label: LABEL }),
  },
  {
    version: 12,
    name: 'labels of a candidate in shadow; reviews of feedback that was held',
    statements: [
      // Never read as opinions (classifier/learning/shadow.ts). current_*: what the model beside it had said.
      `CREATE TABLE IF NOT EXISTS shadow_labels (
        document_id String, published_at ${TIME}, labelled_at ${TIME}, model ${LABEL}, against ${LABEL},
        sentiment ${LABEL}, negative Float32, neutral Float32, positive Float32, topic ${LABEL},
        current_sentiment ${LABEL}, current_topic ${LABEL}, current_negative Float32
      ) ENGINE = ReplacingMergeTree(labelled_at) ORDER BY (model, document_id) SETTINGS ${KEEP}`,
      // Rows are only ever added (core/trust/vote.ts); the latest about a row of feedback stands.
      `CREATE TABLE IF NOT EXISTS feedback_reviews (
        id String, at ${TIME}, author String, via ${LABEL}, feedback_id String, document_id String, alert_id String,
        decision ${LABEL}, reason String CODEC(ZSTD(3))
      ) ENGINE = ReplacingMergeTree ORDER BY (feedback_id, at, id) SETTINGS ${KEEP}`,
    ],
  },
];

function codecs(ids: readonly string[], times: readonly string[]): string {
  return [
    ...ids.map((column) => `MODIFY COLUMN ${column} String CODEC(ZSTD(1))`),
    ...times.map((column) => `MODIFY COLUMN ${column} ${TIME} CODEC(Delta, ZSTD(1))`),
  ].join(', ');
}
