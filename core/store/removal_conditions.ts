/**
 * Which rows of a table belong to what is to be forgotten, as conditions in SQL. Pure. Read off the columns: a row belongs to a
 * document by `document_id` (`documents`: `id`), and says whose it is by `author`, `source` and `feed`. Rows that say only
 * which document they belong to are found through `documents` and `opinions`: of the two, retention may have taken one.
 *
 * A removal may name any number of things, and there may be thousands at once, so targets of one kind are one list, cut
 * into statements. Rejected: a branch of the statement for each target (a hundred took a minute, some thousands are refused).
 */
import { joinTargets, type Target } from '../removal.ts';

export interface Table {
  readonly name: string;
  readonly columns: ReadonlySet<string>;
}

export interface Condition {
  readonly sql: string;
  readonly params: Record<string, unknown>;
}

/**
 * What values may take of one statement, written as in an address: some 1,000 ids. ClickHouse takes 128 KiB of one
 * parameter, 1 MiB of an address and 256 KiB of a statement.
 */
const STATEMENT_BYTES = 128 * 1024;
/** A branch costs more than its values: it may ask `documents` and `opinions` anew. */
const BRANCH_BYTES = 2048;

/** Conditions that together name the rows of a table that belong to the targets; none where its columns tell nothing of any. */
export function conditionsOf(table: Table, targets: readonly Target[]): Condition[] {
  return statementsOf(targets.filter((target) => conditionOfTarget(table, target, 0) !== null)).map((statement) => {
    const params: Record<string, unknown> = {};
    const branches = statement.map((target, index) => {
      params[`values${index}`] = target.values;
      if (target.kind === 'author' && target.outlet !== null) params[`outlet${index}`] = target.outlet;
      return `(${conditionOfTarget(table, target, index) ?? '0'})`;
    });
    return { sql: branches.join(' OR '), params };
  });
}

/** Whether rows of the table themselves say that they belong to a target; else it takes the ids of its documents. */
export function tells({ columns }: Table, { kind }: Target): boolean {
  if (kind === 'document' || columns.has('dimension')) return true;
  // An author beside a source is a document's; elsewhere it is somebody of the team.
  return columns.has('source') && (kind === 'source' || columns.has('author'));
}

export function idColumn({ name, columns }: Table): string | null {
  if (columns.has('document_id')) return 'document_id';
  return name === 'documents' ? 'id' : null;
}

/** Joined, and cut so that each list fits into one statement. */
function statementsOf(targets: readonly Target[]): Target[][] {
  const statements: Target[][] = [];
  let room = 0;
  for (const target of joinTargets(targets)) {
    let list: string[] = [];
    for (const value of target.values) {
      // In an address a byte may take three.
      const bytes = 3 * Buffer.byteLength(value) + 16;
      const isFull = bytes + (list.length === 0 ? BRANCH_BYTES : 0) > room;
      if (isFull) {
        statements.push([]);
        room = STATEMENT_BYTES;
      }
      if (isFull || list.length === 0) {
        list = [];
        statements.at(-1)?.push({ ...target, values: list });
        room -= BRANCH_BYTES;
      }
      list.push(value);
      room -= bytes;
    }
  }
  return statements;
}

function conditionOfTarget(table: Table, target: Target, index: number): string | null {
  const { columns } = table;
  const values = `{values${index}:Array(String)}`;
  const id = idColumn(table);
  // Of counts only the name of a source is anybody's; the numbers follow from what is left.
  if (columns.has('dimension')) return target.kind === 'source' ? `dimension = 'source' AND member IN ${values}` : null;
  if (target.kind === 'document') return id === null ? null : `${id} IN ${values}`;
  if (!tells(table, target)) {
    if (id === null) return null;
    const owned = conditionOfTarget(OWNED, target, index) ?? '0';
    return `${id} IN (SELECT id FROM documents WHERE ${owned} UNION ALL SELECT document_id FROM opinions WHERE ${owned})`;
  }
  if (target.kind === 'source') return `source IN ${values}${columns.has('feed') ? ` OR feed IN ${values}` : ''}`;
  if (target.outlet === null) return `author IN ${values}`;
  const outlet = `{outlet${index}:String}`;
  return `author IN ${values} AND (source = ${outlet}${columns.has('feed') ? ` OR feed = ${outlet}` : ''})`;
}

/** What `documents` and `opinions` both say of a row. */
const OWNED: Table = { name: 'opinions', columns: new Set(['document_id', 'author', 'source', 'feed']) };
