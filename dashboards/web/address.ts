/**
 * The page's state lives in its address, so that a view can be sent to a colleague and Back does what it says. Pure:
 * text in, state out. What is personal and not part of a view (theme) is not here.
 */

export const RANGES = { '24h': 86_400, '3d': 259_200, '7d': 604_800, '14d': 1_209_600, '30d': 2_592_000 } as const;
export type RangeName = keyof typeof RANGES;
export const DEFAULT_RANGE: RangeName = '14d';

const SORTS = ['name', 'share', 'change'] as const;
export type SortName = (typeof SORTS)[number];
const ALL = ['entity', 'topic', 'both'] as const;
/** Times beyond the year 9999 are written otherwise than the API reads them. */
const LATEST = Date.UTC(10_000, 0, 1);

export interface Address {
  readonly range: RangeName;
  /** A span chosen on the chart, ISO times; it wins over `range`. */
  readonly from: string | null;
  readonly to: string | null;
  /** The part of the span that the list shows, one bar of the chart; null for all of it. */
  readonly list_from: string | null;
  readonly list_to: string | null;
  readonly entity: string | null;
  readonly topic: string | null;
  readonly sentiment: string | null;
  readonly language: string | null;
  readonly source: string | null;
  readonly q: string;
  /** The alert whose evidence is open. */
  readonly alert: string | null;
  /** How search finds; null for both ways. */
  readonly by: 'words' | 'meaning' | null;
  /** What the tables are ordered by; null for the number of documents. */
  readonly entity_sort: SortName | null;
  readonly topic_sort: SortName | null;
  /** Tables that show all of their rows. */
  readonly all: 'entity' | 'topic' | 'both' | null;
  /** Language of the interface; null follows the browser. */
  readonly lang: 'en' | 'zh' | null;
}

/** State of a query string such as `?range=7d&entity=norvale_bank`; what it does not know it leaves at its default. */
export function readAddress(search: string): Address {
  const given = new URLSearchParams(search);
  const text = (name: string): string | null => given.get(name) || null;
  const range = given.get('range') ?? DEFAULT_RANGE;
  const lang = given.get('lang');
  const [from, to] = spanOf(text('from'), text('to'));
  const [list_from, list_to] = spanOf(text('list_from'), text('list_to'));
  return {
    range: Object.hasOwn(RANGES, range) ? (range as RangeName) : DEFAULT_RANGE,
    from,
    to,
    list_from,
    list_to,
    entity: text('entity'),
    topic: text('topic'),
    sentiment: text('sentiment'),
    language: text('language'),
    source: text('source'),
    q: given.get('q') ?? '',
    alert: text('alert'),
    by: oneOf(['words', 'meaning'] as const, text('by')),
    entity_sort: oneOf(SORTS, text('entity_sort')),
    topic_sort: oneOf(SORTS, text('topic_sort')),
    all: oneOf(ALL, text('all')),
    lang: lang === 'en' || lang === 'zh' ? lang : null,
  };
}

function oneOf<Name extends string>(known: readonly Name[], given: string | null): Name | null {
  return known.find((name) => name === given) ?? null;
}

/** Two times that follow one another, as the API takes them; nulls for what is none. */
function spanOf(from: string | null, to: string | null): readonly [string, string] | readonly [null, null] {
  const [start, end] = [timeOf(from, 0), timeOf(to, 1)];
  return start !== null && end !== null && start < end ? [isoTime(start), isoTime(end)] : [null, null];
}

/**
 * Epoch milliseconds of a time that somebody may have typed. A day alone is the reader's own, as a calendar has it, and so is a time
 * without a zone; `days` after it, as the last day of a span belongs to it. Null for no time, and for years that no document is of.
 */
function timeOf(text: string | null, days: number): number | null {
  const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text ?? '') ?? [];
  const isDay = year !== undefined && !Number.isNaN(Date.parse(text ?? ''));
  const time = isDay ? new Date(Number(year), Number(month) - 1, Number(day) + days).getTime() : Date.parse(text ?? '');
  return time >= 0 && time < LATEST ? time : null;
}

function isoTime(time: number): string {
  return new Date(time).toISOString();
}

/** The state after a change: a bar was one of its span, and goes with it. */
export function changed(address: Address, change: Partial<Address>): Address {
  const isOtherSpan = 'range' in change || 'from' in change;
  return { ...address, ...(isOtherSpan && { list_from: null, list_to: null }), ...change };
}

/** The query string of a state, defaults left out; empty for the plain page. */
export function writeAddress(address: Address): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(address)) {
    if (value === null || value === '' || (name === 'range' && value === DEFAULT_RANGE)) continue;
    query.set(name, String(value));
  }
  const text = query.toString();
  return text === '' ? '' : `?${text}`;
}

/** The span as the API takes it: a fixed one, or the last so many seconds. */
export function spanQuery(address: Pick<Address, 'range' | 'from' | 'to'>): Record<string, string> {
  if (address.from !== null && address.to !== null) return { from: address.from, to: address.to };
  return { last_secs: String(RANGES[address.range]) };
}

/** What the list shows of it: one bar, or all. */
export function listSpan(address: Address): Pick<Address, 'range' | 'from' | 'to'> {
  const { range, from, to, list_from, list_to } = address;
  return list_from !== null && list_to !== null ? { range, from: list_from, to: list_to } : { range, from, to };
}

const STEPS = [60, 300, 900, 1_800, 3_600, 7_200, 14_400, 28_800, 43_200, 86_400, 172_800, 604_800] as const;

/** Length of a step that cuts the span into about so many: one company says less than all, and a line needs documents. */
export function stepSecs(address: Address, wanted: number): string {
  const { from, to, range } = address;
  const length = from !== null && to !== null ? (Date.parse(to) - Date.parse(from)) / 1000 : RANGES[range];
  return String(STEPS.find((step) => length / step <= wanted + 1) ?? STEPS.at(-1));
}

/** A query string of the values that are set. */
export function queryOf(values: Readonly<Record<string, string | null>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) if (value !== null && value !== '') query.set(name, value);
  return query.toString();
}

/** Only http and https links are ever made clickable; anything else, `javascript:` above all, is shown as text. */
export function safeUrl(url: string | null): string | null {
  if (url === null) return null;
  try {
    const parsed = new URL(url);
    return parsed.protocol === 'https:' || parsed.protocol === 'http:' ? parsed.href : null;
  } catch {
    return null;
  }
}
