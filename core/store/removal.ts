/**
 * Removing what is to be forgotten from the store. Which rows of which tables hold it is read off their columns
 * (removal_conditions.ts), and a `body` is JSON that may show documents. So a table that is added later is covered
 * without a line here.
 *
 * Rows go by mutations that are waited for, which rewrite the parts: nothing reads them any more, and the old files are
 * deleted by ClickHouse minutes later or at its next start. Bodies are inserted anew without what they showed, then merged.
 * Rejected: lightweight DELETE (it only hides rows until some later merge).
 */
import { stableId } from '../event.ts';
import { joinTargets, removeWithin, type Target } from '../removal.ts';
import { causeOf, HOURS_OF_CAUSE, HOURS_OF_REMOVAL } from './counts.ts';
import { conditionsOf, idColumn, tells, type Table } from './removal_conditions.ts';
import type { Store, TableName } from './store.ts';

/** Rows by table; tables without any are left out. */
export type RowCounts = Record<string, number>;

/** Above so many names all bodies are read instead of searched for. */
const SEARCHED_NAMES = 1000;

/**
 * The targets, and by their ids the documents that the store knows of them: rows and evidence may not say whose they are.
 * @throws TidewatchError storage.*
 */
export async function withDocuments(store: Store, targets: readonly Target[]): Promise<Target[]> {
  const ids = targets.some(({ kind }) => kind !== 'document') ? await documentsOf(store, targets) : [];
  return joinTargets(ids.length === 0 ? targets : [...targets, { kind: 'document', values: ids, outlet: null }]);
}

/**
 * How many rows hold it. `shown` are the targets with their documents. What is named in two ways (a document, and its
 * author) may count twice.
 * @throws TidewatchError storage.*
 */
export async function countInStore(
  store: Store,
  targets: readonly Target[],
  shown?: readonly Target[],
): Promise<RowCounts> {
  const all = shown ?? (await withDocuments(store, targets));
  const counts: RowCounts = {};
  for (const table of await readTables(store)) {
    let rows = 0;
    const told = targets.filter((target) => tells(table, target));
    // By ids alone where a row tells nothing else: what is left of it is found when nothing says any more whose it was.
    for (const { sql, params } of conditionsOf(
      table,
      told.length === targets.length ? told : [...told, ...byId(all)],
    )) {
      const [row] = await store.query<{ n: number }>(`SELECT count() AS n FROM ${table.name} WHERE ${sql}`, params);
      rows += row?.n ?? 0;
    }
    if (table.columns.has('body')) rows += (await concernedBodies(store, table, all)).length;
    if (rows > 0) counts[table.name] = rows;
  }
  return counts;
}

/** Ids of the documents that the targets name, where the store knows them. @throws TidewatchError storage.* */
export async function documentsOf(store: Store, targets: readonly Target[]): Promise<string[]> {
  const ids = new Set<string>();
  for (const table of await readTables(store)) {
    const column = idColumn(table);
    if (column === null) continue;
    const told = targets.filter((target) => tells(table, target));
    for (const { sql, params } of conditionsOf(table, told)) {
      const statement = `SELECT DISTINCT ${column} AS id FROM ${table.name} WHERE ${sql}`;
      for (const { id } of await store.query<{ id: string }>(statement, params)) ids.add(id);
    }
  }
  return [...ids];
}

/** Carries it out, in bodies and by ids for what `shown` names; resolves when no query finds any of it. @throws TidewatchError storage.* */
export async function removeFromStore(
  store: Store,
  targets: readonly Target[],
  shown?: readonly Target[],
): Promise<void> {
  const all = shown ?? (await withDocuments(store, targets));
  // Others find their rows through the last ones. Counts after what they are counted from.
  const last = ['opinions', 'opinion_counts', 'documents'];
  const tables = [...(await readTables(store))].sort((a, b) => last.indexOf(a.name) - last.indexOf(b.name));
  const opinions = tables.find(({ name }) => name === 'opinions');
  const hours = opinions === undefined ? [] : conditionsOf(opinions, targets);
  const cause = causeOf(targets);
  // Before, so that a removal that is cut off and done again finds the hours whose opinions are gone; and after it.
  for (const { sql, params } of hours) await store.command(HOURS_OF_REMOVAL(sql), { ...params, cause });
  for (const table of tables) {
    if (table.columns.has('body')) await rewriteBodies(store, table, all);
    for (const { sql, params } of conditionsOf(table, targets))
      await store.command(`ALTER TABLE ${table.name} DELETE WHERE ${sql}`, params);
    if (!targets.every((target) => tells(table, target))) await removeById(store, table, byId(all));
  }
  if (hours.length > 0) await store.command(HOURS_OF_CAUSE, { cause });
}

function byId(shown: readonly Target[]): Target[] {
  return shown.filter(({ kind }) => kind === 'document');
}

/** What nothing in the store told the owner of. There is hardly ever any, and the list may be long: looked for first. */
async function removeById(store: Store, table: Table, documents: readonly Target[]): Promise<void> {
  for (const { sql, params } of conditionsOf(table, documents)) {
    const found = await store.query(`SELECT 1 FROM ${table.name} WHERE ${sql} LIMIT 1 SETTINGS final = 0`, params);
    if (found.length > 0) await store.command(`ALTER TABLE ${table.name} DELETE WHERE ${sql}`, params);
  }
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
