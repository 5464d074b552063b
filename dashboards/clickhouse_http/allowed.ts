/**
 * What a statement may be, decided on the engine's own reading of it (EXPLAIN AST), by lists of what is allowed: kinds of
 * nodes, tables, table functions, and functions by the categories in the engine's own table of functions. What a newer
 * engine brings is refused until somebody has looked at it. Rejected: a list of what is forbidden (nobody knows them all:
 * scalar file() reads files even where readonly = 1), and readonly = 1 alone, for the same reason.
 */
import { ClickHouseException } from './exception.ts';

export interface FunctionRow {
  readonly name: string;
  readonly is_aggregate: number;
  readonly case_insensitive: number;
  readonly alias_to: string;
  readonly categories: string;
}

export const FUNCTIONS_QUERY =
  'SELECT name, is_aggregate, case_insensitive, alias_to, categories FROM system.functions ORDER BY name';

const ROOTS = new Set([
  'SelectWithUnionQuery',
  'SelectIntersectExceptQuery',
  'ShowTables',
  'ShowColumns',
  'ShowCreateTableQuery',
  'DescribeQuery',
  'ExistsTableQuery',
  'ExistsDatabaseQuery',
  'Explain',
]);
const NODES = new Set([
  ...ROOTS,
  ...`SelectQuery ExpressionList TablesInSelectQuery TablesInSelectQueryElement TableExpression TableIdentifier
TableJoin ArrayJoin Subquery SampleRatio WithElement Function Identifier Literal Asterisk QualifiedAsterisk
ColumnsRegexpMatcher ColumnsListMatcher QualifiedColumnsRegexpMatcher QualifiedColumnsListMatcher
ColumnsTransformerList ColumnsExceptTransformer ColumnsReplaceTransformer
ColumnsReplaceTransformer::Replacement OrderByElement InterpolateElement WindowListElement WindowDefinition Set`.split(
    /\s+/,
  ),
]);

const TABLE_FUNCTIONS = new Set(
  'numbers numbers_mt zeros zeros_mt generateSeries generate_series values view'.split(' '),
);
const SYSTEM_TABLES =
  /^(system\.(one|numbers|zeros|tables|columns|databases|functions|formats|data_type_families|table_functions|time_zones|settings)|information_schema\.(tables|columns|schemata|views))$/i;
/** Who did what is for administrators (GET /api/audit), and who read what is that reader's own: not for whoever draws charts. */
const CLOSED: readonly (readonly [RegExp, string])[] = [
  [/^(default\.)?audit$/i, 'the audit log is not open to readers'],
  [/^(default\.)?reading$/i, 'what somebody read is not open to other readers'],
];
const OWN_TABLE = /^(default\.)?[A-Za-z_][A-Za-z0-9_]*$/;

/** Categories of system.functions whose functions look at their arguments and nothing else. */
const CATEGORIES = new Set(
  `Aggregate Functions|Type Conversion|Dates and Times|Arrays|String|Geo|Hash|String Search|JSON|Mathematical|URL|Arithmetic|
Geo Polygon|Map|IP Address|Comparison|Tuple|Distance|Random Number|Bitmap|Time Series|Encoding|UUID|Bit|String Splitting|
String Replacement|Null|Rounding|Time Window|Conditional|Financial|Logical|NumericIndexedVector|Encryption`
    .split('|')
    .map((name) => name.trim()),
);
/** Of the other categories: those that were looked at. */
const NAMED = new Set(
  `isNull isNotNull isNullable isZeroOrNull coalesce ifNull nullIf assumeNotNull toNullable firstNonDefault transform bar version revision
displayName timezone serverTimezone currentDatabase currentUser user uptime identity materialize toTypeName toColumnTypeName byteSize blockNumber blockSize
rowNumberInBlock rowNumberInAllBlocks neighbor runningDifference runningDifferenceStartingWithFirstValue runningAccumulate
finalizeAggregation initializeAggregation ignore indexHint isConstant countDigits digits visibleWidth formatReadableSize formatReadableQuantity
formatReadableTimeDelta formatReadableDecimalSize parseReadableSize parseReadableSizeOrNull parseReadableSizeOrZero parseTimeDelta
minSampleSizeConversion minSampleSizeContinuous getSubcolumn variantElement variantType lowCardinalityIndices lowCardinalityKeys
isDecimalOverflow defaultValueOfTypeName defaultValueOfArgumentType dumpColumnStructure getSizeOfEnumType _CAST caseWithExpression
caseWithoutExpression lambda nested queryID normalizeQuery normalizedQueryHash`.split(/\s+/),
);
/** Their names say otherwise than their categories: they reach outside or make the engine wait. */
const NEVER =
  /^(file|url|s3|remote|hasColumnInTable|dictGet|dictHas|dictIsIn|joinGet|catboost|sleep|logTrace|throwIf|getSetting|getServer|getMacro|getClientHTTPHeader|showCertificate|addressTo|demangle|filesystem|ai[A-Z]|executable|evalML|generateSerialID|timeSeries(Id|Store|Tags|Copy|Throw)|regexpTree|synonyms|lemmatize|stem$)/i;
const COMBINATOR =
  /(If|Array|Map|SimpleState|State|MergeState|Merge|ForEach|Distinct|OrDefault|OrNull|Resample|ArgMin|ArgMax)$/;

export type FunctionRule = (name: string) => boolean;

/** Which functions a statement may call, from the rows of FUNCTIONS_QUERY. */
export function functionRule(rows: readonly FunctionRow[]): FunctionRule {
  const byName = new Map(rows.map((row) => [row.name, row]));
  const byLower = new Map(rows.filter((row) => row.case_insensitive === 1).map((row) => [row.name.toLowerCase(), row]));
  const known = (name: string): FunctionRow | undefined => byName.get(name) ?? byLower.get(name.toLowerCase());
  function allowed(name: string, depth = 0): boolean {
    if (NEVER.test(name) || depth > 6) return false;
    const row = known(name);
    if (row === undefined) {
      const bare = name.replace(COMBINATOR, '');
      if (bare !== name) return known(bare)?.is_aggregate === 1 || allowed(bare, depth + 1);
      return NAMED.has(name);
    }
    if (row.alias_to !== '' && row.alias_to !== name) return allowed(row.alias_to, depth + 1);
    return row.is_aggregate === 1 || CATEGORIES.has(row.categories) || NAMED.has(row.name);
  }
  return (name) => allowed(name);
}

interface Node {
  readonly depth: number;
  readonly kind: string;
  readonly rest: string;
}

/**
 * Refuses what a reader may not run. `explained`: answer of EXPLAIN AST for `body FORMAT … SETTINGS …` in CSV.
 * `inner`: SETTINGS clauses whose names were checked (statement.ts).
 * @throws ClickHouseException ACCESS_DENIED, READONLY
 */
export function checkTree(explained: string, inner: number, allowed: FunctionRule): void {
  const nodes = readTree(explained);
  const root = nodes[0];
  if (root === undefined || !ROOTS.has(root.kind)) {
    throw new ClickHouseException(
      'READONLY',
      'Cannot execute query in readonly mode: only SELECT and the like are answered here.',
    );
  }
  const path: Node[] = [];
  let sets = 0;
  for (const node of nodes) {
    path.length = node.depth;
    const parent = path[node.depth - 1];
    path.push(node);
    if (node.kind === 'Set') sets += 1;
    if (!NODES.has(node.kind)) throw denied(`${node.kind} is not answered here`);
    // What INTO OUTFILE names.
    if (node.kind === 'Literal' && parent !== undefined && ROOTS.has(parent.kind))
      throw denied('files are not written');
    if (node.kind === 'TableIdentifier') checkTable(node.rest);
    // Of a column, or of a table behind IN.
    if (node.kind === 'Identifier') {
      checkClosed(node.rest);
      if (/^(system|information_schema)\./i.test(node.rest)) checkTable(node.rest);
    }
    if (node.kind === 'Identifier' && node.rest.includes('/'))
      throw denied(`${node.rest} is no column of a table here`);
    if (node.kind !== 'Function') continue;
    if (parent?.kind === 'TableExpression') {
      if (!TABLE_FUNCTIONS.has(node.rest)) throw denied(`the table function ${node.rest} is not answered here`);
    } else if (!allowed(node.rest)) {
      throw denied(`the function ${node.rest} is not answered here`);
    }
  }
  if (sets !== inner + 1) throw denied('a SETTINGS clause could not be read');
}

function checkTable(name: string): void {
  checkClosed(name);
  if (!OWN_TABLE.test(name) && !SYSTEM_TABLES.test(name)) throw denied(`the table ${name} is not open to readers`);
}

function checkClosed(name: string): void {
  for (const [table, why] of CLOSED) if (table.test(name)) throw denied(why);
}

function denied(why: string): ClickHouseException {
  return new ClickHouseException('ACCESS_DENIED', `Not enough privileges: ${why}.`);
}

function readTree(explained: string): Node[] {
  return [...explained.matchAll(/"((?:[^"]|"")*)"\r?\n?/g)].map(([, line = '']) => {
    const text = line.replaceAll('""', '"');
    const [, space = '', kind = '', rest = ''] = /^( *)(\S+)\s*([\s\S]*?)(?: \(children \d+\))?$/.exec(text) ?? [];
    if (kind !== 'Literal' && /[\r\n]/.test(text)) throw denied('a name with a line break');
    return { depth: space.length, kind, rest: kind === 'Literal' ? rest : withoutAlias(rest) };
  });
}

/** By search and not by pattern, which would look through the rest of the line at each place that starts like an alias. */
function withoutAlias(name: string): string {
  const start = name.indexOf(' (alias ');
  return start >= 0 && name.endsWith(')') ? name.slice(0, start) : name;
}
