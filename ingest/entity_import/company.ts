/**
 * A company as a list of companies gives it, and what of its names a watchlist should hold. The press drops the legal
 * form ("Apple", not "Apple Inc."), so the short form is added; a short form of one word counts only in its own capitals,
 * and one that is an English word, or has three letters or fewer, only where the words around it say so. Two companies
 * with one short form both keep it as ambiguous. Pure.
 */
import type { WatchedEntity } from '../watchlist.ts';

export interface Company {
  /** As the list has it, with its legal form. */
  readonly name: string;
  readonly name_zh?: string;
  readonly tickers: readonly string[];
  readonly codes: readonly string[];
  readonly aliases: readonly string[];
  readonly aliases_zh: readonly string[];
  readonly sector?: string;
}

const LEGAL_FORM =
  /[\s,]+(?:incorporated|inc|corporation|corp|company|co|limited|ltd|plc|llc|llp|lp|l\.p|s\.a|sa|se|s\.p\.a|spa|nv|n\.v|ag|ab|asa|oyj|a\/s|kgaa|holdings?|group|trust|bancorp|adr|ads|class\s+[abc]|\/[a-z]{2,3}\/?)\.?$/i;
/** Chinese legal forms that the press drops: 贵州茅台酒股份有限公司 → 贵州茅台酒. */
const LEGAL_FORM_ZH = /(?:股份有限公司|有限责任公司|集团有限公司|控股有限公司|有限公司)$/;
const HAN = /\p{Script=Han}/u;
const MARKERS_ZH = /^(?:\*?ST|S\*?ST|XD|XR|DR|N|C)(?=\p{Script=Han})|-[WSB]+$|[ABH]$/gu;

/** The name without its legal form: "Apple Inc." → "Apple", "JPMORGAN CHASE & CO" → "JPMorgan Chase"-like in the list's own capitals. */
export function shortName(name: string): string {
  let short = name.trim();
  for (let before = ''; before !== short;) {
    before = short;
    const cut = short.replace(LEGAL_FORM, '').replace(/[\s,&]+$/, '');
    if (cut.length >= 2) short = cut;
  }
  return short;
}

/**
 * Lists that shout are brought to the press's capitals: "TARGET CORP" → "Target Corp"; words of three letters or fewer stay.
 * Han has no capitals, so TCL科技, 京东方A and *ST康美 do not shout: that is how they are written.
 */
export function pressCapitals(name: string): string {
  if (name !== name.toUpperCase() || HAN.test(name)) return name;
  return name.replace(/\p{L}{4,}/gu, (word) => word.charAt(0) + word.slice(1).toLowerCase());
}

/**
 * Watchlist entries for companies, ids made from ticker or name and unique.
 * @param words English words in lower case: a one-word name among them is ambiguous
 */
export function watchlistOf(companies: readonly Company[], words: ReadonlySet<string>): WatchedEntity[] {
  const taken = new Set<string>();
  const entries = companies.map((company) => entryOf(company, words, taken));
  const owners = new Map<string, number>();
  for (const entry of entries) {
    for (const name of new Set(
      [...entry.aliases, ...entry.cased, ...entry.aliases_zh].map((item) => item.toLowerCase()),
    ))
      owners.set(name, (owners.get(name) ?? 0) + 1);
  }
  const shared = (name: string): boolean => (owners.get(name.toLowerCase()) ?? 0) > 1;
  for (const entry of entries) {
    const doubtful = [...entry.aliases, ...entry.cased, ...entry.aliases_zh].filter(shared);
    const sure = (name: string): boolean => !shared(name);
    entry.ambiguous = [...new Set([...entry.ambiguous, ...doubtful])];
    entry.aliases = entry.aliases.filter(sure);
    entry.aliases_zh = entry.aliases_zh.filter(sure);
    entry.cased = entry.cased.filter(sure);
  }
  return entries;
}

function entryOf(company: Company, words: ReadonlySet<string>, taken: Set<string>): WatchedEntity {
  const name = pressCapitals(company.name.normalize('NFKC').trim());
  const nameZh = company.name_zh?.normalize('NFKC').trim();
  const entry: WatchedEntity = {
    id: uniqueId(company.tickers[0] ?? company.codes[0] ?? shortName(name), name, taken),
    name,
    ...(nameZh === undefined || nameZh === '' ? {} : { name_zh: nameZh }),
    kind: 'company',
    tickers: [...new Set(company.tickers.map((ticker) => ticker.toUpperCase()))],
    codes: [...new Set(company.codes.map((code) => code.toUpperCase()))],
    aliases: [],
    aliases_zh: [],
    ambiguous: [],
    cased: [],
    context: [],
    not: [],
    ...(company.sector === undefined || company.sector === '' ? {} : { sector: company.sector }),
  };
  for (const alias of new Set([shortName(name), ...company.aliases.map((item) => item.trim())])) {
    // Short is doubtful in letters, not in Han: 五粮液 is no word.
    if (!HAN.test(alias) && (alias !== name || !alias.includes(' '))) file(entry, alias, words);
  }
  const chinese = nameZh || (HAN.test(name) ? name : '');
  for (const alias of new Set([shortNameZh(chinese), ...company.aliases_zh.map((item) => item.trim())])) {
    if (alias.length >= 3 && alias !== nameZh && alias !== name) entry.aliases_zh.push(alias);
    else if (alias.length === 2) entry.ambiguous.push(alias);
  }
  return entry;
}

/** Where a short name belongs, by how easily it is something else. */
function file(entry: WatchedEntity, alias: string, words: ReadonlySet<string>): void {
  if (alias.length < 2) return;
  const single = !/[\s&]/.test(alias);
  if (!single) entry.aliases.push(alias);
  else if (alias.length <= 3 || words.has(alias.toLowerCase())) entry.ambiguous.push(alias);
  else entry.cased.push(alias);
}

function shortNameZh(name: string): string {
  return name.replace(LEGAL_FORM_ZH, '').replace(MARKERS_ZH, '');
}

function uniqueId(first: string, name: string, taken: Set<string>): string {
  const slug = (text: string): string =>
    text
      .normalize('NFKD')
      .toLowerCase()
      .replace(/[^a-z0-9.]+/g, '_')
      .replace(/^[_.]+|[_.]+$/g, '')
      .slice(0, 50);
  const base = slug(first) || slug(name) || 'entity';
  let id = base;
  for (let number = 2; taken.has(id); number += 1) id = `${base}_${number}`;
  taken.add(id);
  return id;
}
