/**
 * Removing what is to be forgotten from the store. Which tables hold it is read off their columns: a row belongs to a
 * document by `document_id` (`documents`: `id`), and says whose it is by `author`, `source` and `feed`; a `body` is JSON
 * that may show documents. So a table that is added later is covered without a line here.
 *
 * Rows go by mutations that are waited for, which rewrite the parts: nothing reads them any more, and the old files are
 * deleted by ClickHouse minutes later or at its next start. Bodies are inserted anew without what they showed, then merged.
 * Rejected: lightweight DELETE (it only hides rows until some later merge).
 */
import { stableId } from '../event.ts';
import { removeWithin, type Target } from '../removal.ts';
import { causeOf, HOURS_OF_CAUSE, HOURS_OF_REMOVAL } from './counts.ts';
import type { Store, TableName } from './store.ts';

/** Rows by table; tables without any are left out. */
export type RowCounts = Record<string, number>;

/** Above so many names all bodies are read instead of searched for. */
const SEARCHED_NAMES = 1000;

interface Table {
  readonly name: string;
  readonly columns: ReadonlySet<string>;
}

interface Condition {
  readonly sql: string;
  readonly params: Record<string, unknown>;
}

/** @throws TidewatchError storage.* */
export async function countInStore(
  store: Store,
  targets: readonly Target[],
  shown: readonly Target[] = targets,
): Promise<RowCounts> {
  const counts: RowCounts = {};
  for (const table of await readTables(store)) {
    let rows = 0;
    const where = conditionOf(table, targets);
    if (where !== null) {
      const [row] = await store.query<{ n: number }>(
        `SELECT count() AS n FROM ${table.name} WHERE ${where.sql}`,
        where.params,
      );
      rows += row?.n ?? 0;
    }
    if (table.columns.has('body')) rows += (await concernedBodies(store, table, shown)).length;
    if (rows > 0) counts[table.name] = rows;
  }
  return counts;
}

/** Ids of the documents that the targets name, where the store knows them. @throws TidewatchError storage.* */
export async function documentsOf(store: Store, targets: readonly Target[]): Promise<string[]> {
  const ids = new Set<string>();
  for (const table of await readTables(store)) {
    const where = conditionOf(table, targets);
    const column = idColumn(table);
    if (where === null || column === null) continue;
    const rows = await store.query<{ id: string }>(
      `SELECT DISTINCT ${column} AS id FROM ${table.name} WHERE ${where.sql}`,
      where.params,
    );
    for (const { id } of rows) ids.add(id);
  }
  return [...ids];
}

/** Carries it out, in bodies for what `shown` names; resolves when no query finds any of it. @throws TidewatchError storage.* */
export async function removeFromStore(
  store: Store,
  targets: readonly Target[],
  shown: readonly Target[] = targets,
): Promise<void> {
  // `documents` last: others find their rows through it. Counts after what they are counted from.
  const last = ['opinion_counts', 'documents'];
  const tables = [...(await readTables(store))].sort((a, b) => last.indexOf(a.name) - last.indexOf(b.name));
  const opinions = tables.find(({ name }) => name === 'opinions');
  const where = opinions === undefined ? null : conditionOf(opinions, targets);
  const cause = causeOf(targets);
  // Before, so that a removal that is cut off and done again finds the hours whose opinions are gone; and after it.
  if (where !== null) await store.command(HOURS_OF_REMOVAL(where.sql), { ...where.params, cause });
  for (const table of tables) {
    if (table.columns.has('body')) await rewriteBodies(store, table, shown);
    const where = conditionOf(table, targets);
    if (where !== null) await store.command(`ALTER TABLE ${table.name} DELETE WHERE ${where.sql}`, where.params);
  }
  if (where !== null) await store.command(HOURS_OF_CAUSE, { cause });
}

async function readTables(store: Store): Promise<Table[]> {
  const rows = await store.query<{ table: string; columns: string[] }>(
    `SELECT table, groupArray(name) AS columns FROM system.columns WHERE database = currentDatabase() AND table IN
       (SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree')
     GROUP BY table ORDER BY table`,
  );
  return rows
    .filter(({ table }) => /^[A-Za-z_]\w*$/.test(table) && table !== 'removals')
    .map(({ table, columns }) => ({ name: table, columns: new Set(columns) }));
}

function idColumn({ name, columns }: Table): string | null {
  if (columns.has('document_id')) return 'document_id';
  return name === 'documents' ? 'id' : null;
}

/** The rows of a table that belong to the targets; null where its columns tell nothing of any. */
function conditionOf(table: Table, targets: readonly Target[]): Condition | null {
  const params: Record<string, unknown> = {};
  const alternatives: string[] = [];
  targets.forEach((target, index) => {
    const sql = conditionOfTarget(table, target, index);
    if (sql === null) return;
    alternatives.push(sql);
    params[`values${index}`] = target.values;
    if (target.kind === 'author' && target.outlet !== null) params[`outlet${index}`] = target.outlet;
  });
  return alternatives.length === 0 ? null : { sql: alternatives.map((sql) => `(${sql})`).join(' OR '), params };
}

function conditionOfTarget(table: Table, target: Target, index: number): string | null {
  const { columns } = table;
  const values = `{values${index}:Array(String)}`;
  const id = idColumn(table);
  // Of counts only the name of a source is anybody's; the numbers follow from what is left.
  if (columns.has('dimension')) return target.kind === 'source' ? `dimension = 'source' AND member IN ${values}` : null;
  if (target.kind === 'document') return id === null ? null : `${id} IN ${values}`;
  // An author beside a source is a document's; elsewhere it is somebody of the team.
  const knows = columns.has('source') && (target.kind === 'source' || columns.has('author'));
  if (!knows) {
    if (id === null) return null;
    const documents = { name: 'documents', columns: new Set(['id', 'author', 'source', 'feed']) };
    return `${id} IN (SELECT id FROM documents WHERE ${conditionOfTarget(documents, target, index) ?? '0'})`;
  }
  if (target.kind === 'source') return `source IN ${values}${columns.has('feed') ? ` OR feed IN ${values}` : ''}`;
  if (target.outlet === null) return `author IN ${values}`;
  const outlet = `{outlet${index}:String}`;
  return `author IN ${values} AND (source = ${outlet}${columns.has('feed') ? ` OR feed = ${outlet}` : ''})`;
}

/** Rows whose body shows something of the targets, with that taken out. */
async function concernedBodies(
  store: Store,
  table: Table,
  targets: readonly Target[],
): Promise<Record<string, unknown>[]> {
  const needles = [...new Set(targets.flatMap(({ values }) => values.map((value) => JSON.stringify(value))))];
  const found: Record<string, unknown>[] = [];
  const isSearch = needles.length <= SEARCHED_NAMES;
  // ClickHouse searches at most 255 needles at once.
  for (let from = 0; from < (isSearch ? needles.length : 1); from += 200) {
    const rows = await store.query<Record<string, unknown>>(
      `SELECT * FROM ${table.name} ${isSearch ? 'WHERE multiSearchAny(body, {needles:Array(String)})' : ''}`,
      isSearch ? { needles: needles.slice(from, from + 200) } : {},
    );
    for (const row of rows) {
      const body = readJson(String(row['body']));
      if (typeof body === 'object' && removeWithin(body, targets) > 0)
        found.push({ ...row, body: JSON.stringify(body) });
    }
  }
  return found;
}

async function rewriteBodies(store: Store, table: Table, targets: readonly Target[]): Promise<void> {
  for (;;) {
    const rows = await concernedBodies(store, table, targets);
    if (rows.length === 0) return;
    // The later of two equal rows counts; merging them takes the earlier one off the disk.
    await store.insert(table.name as TableName, rows, stableId('removal', ...rows.map((row) => JSON.stringify(row))));
    await store.command(`OPTIMIZE TABLE ${table.name} FINAL`);
  }
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
