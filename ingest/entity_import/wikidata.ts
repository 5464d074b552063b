/**
 * Companies out of Wikidata: SPARQL results (rows are joined by their `item`) or whole entities. Labels and aliases in
 * English and Chinese become names; a ticker is read from P249, also where it qualifies a stock exchange (P414), which
 * says whether it is a code (600519, 0700.HK) or a symbol. Data model: https://doc.wikimedia.org/Wikibase/master/php/docs_topics_json.html
 */
import { z } from 'zod';
import { TidewatchError } from '../../core/errors.ts';
import type { Company } from './company.ts';
import type { ReadList } from './lists.ts';

const cell = z.object({ value: z.string(), 'xml:lang': z.string().optional() });
const sparqlSchema = z.object({ results: z.object({ bindings: z.array(z.record(z.string(), cell)) }) });

const text = z.object({ value: z.string() });
const snak = z.object({ datavalue: z.object({ value: z.unknown() }).optional() });
const claim = z.object({ mainsnak: snak, qualifiers: z.record(z.string(), z.array(snak)).optional() });
const entitySchema = z.object({
  id: z.string(),
  labels: z.record(z.string(), text).default({}),
  aliases: z.record(z.string(), z.array(text)).default({}),
  claims: z.record(z.string(), z.array(claim)).default({}),
});

/** Exchanges whose tickers are codes with a suffix; all others are symbols. */
const EXCHANGES: Record<string, (ticker: string) => { code: string }> = {
  Q496672: (ticker) => ({ code: `${ticker.replace(/^0+/, '').padStart(4, '0')}.HK` }),
  Q739514: (ticker) => ({ code: ticker }),
  Q517750: (ticker) => ({ code: ticker }),
};
/**
 * Columns with a name of the company itself: itemLabel, companyLabelZh, name_zh, shortName. Others that the label service names so
 * are of what it has: ceoLabel is a person, headquartersLabel a city.
 */
const OWN_NAME = /^(?:(?:item|company|entity|official|short|english|chinese|en|zh)_?)?(?:label|name(?!d))/i;
const OWN_ALIAS = /^(?:(?:item|company|entity|english|chinese|en|zh)_?)?(?:alias|altlabel|alt_label)/i;
const CHINESE = ['zh', 'zh-hans', 'zh-cn', 'zh-hant', 'zh-hk', 'zh-tw'];

interface Draft {
  name: string;
  nameZh: string;
  tickers: Set<string>;
  codes: Set<string>;
  aliases: Set<string>;
  aliasesZh: Set<string>;
}

/** @throws TidewatchError input.invalid where it is neither form */
export function readWikidata(json: unknown): ReadList {
  const sparql = sparqlSchema.safeParse(json);
  if (sparql.success) return readRows(sparql.data.results.bindings);
  const list = entitiesOf(json);
  if (list === null) {
    throw new TidewatchError('input.invalid', 'This is neither SPARQL results nor entities of Wikidata', {
      hint: 'Export the query service\'s answer as JSON (verbose), or entities as {"entities": {"Q312": …}} or an array of them.',
    });
  }
  const drafts: (Draft | string)[] = list.map((value) => {
    const parsed = entitySchema.safeParse(value);
    return parsed.success ? fromEntity(parsed.data) : 'it is no entity';
  });
  return collect(drafts);
}

function entitiesOf(json: unknown): unknown[] | null {
  if (Array.isArray(json)) return json;
  const wrapped = z.object({ entities: z.record(z.string(), z.unknown()) }).safeParse(json);
  return wrapped.success ? Object.values(wrapped.data.entities) : null;
}

function readRows(rows: readonly Record<string, z.output<typeof cell>>[]): ReadList {
  const drafts = new Map<string, Draft>();
  for (const [index, row] of rows.entries()) {
    const key = row['item']?.value ?? row['company']?.value ?? row['entity']?.value ?? `row ${index}`;
    const draft = drafts.get(key) ?? emptyDraft();
    drafts.set(key, draft);
    for (const [column, { value, 'xml:lang': language }] of Object.entries(row)) {
      if (/ticker|symbol/i.test(column)) addTicker(draft, value, row['exchange']?.value.split('/').at(-1));
      else if (OWN_ALIAS.test(column)) for (const alias of value.split(', ')) addName(draft, alias, language, false);
      else if (OWN_NAME.test(column)) {
        addName(draft, value, /zh|chinese/i.test(column) ? 'zh' : language, true);
      }
    }
  }
  return collect([...drafts.values()]);
}

function fromEntity({ labels, aliases, claims }: z.output<typeof entitySchema>): Draft {
  const draft = emptyDraft();
  for (const language of ['en', ...CHINESE]) {
    const label = labels[language]?.value;
    if (label !== undefined) addName(draft, label, language, true);
    for (const { value } of aliases[language] ?? []) addName(draft, value, language, false);
  }
  for (const { mainsnak } of claims['P249'] ?? []) {
    const ticker = mainsnak.datavalue?.value;
    if (typeof ticker === 'string') addTicker(draft, ticker, undefined);
  }
  for (const { mainsnak, qualifiers } of claims['P414'] ?? []) {
    const exchange = z.object({ id: z.string() }).safeParse(mainsnak.datavalue?.value);
    for (const { datavalue } of qualifiers?.['P249'] ?? []) {
      if (typeof datavalue?.value === 'string') addTicker(draft, datavalue.value, exchange.data?.id);
    }
  }
  return draft;
}

function emptyDraft(): Draft {
  return { name: '', nameZh: '', tickers: new Set(), codes: new Set(), aliases: new Set(), aliasesZh: new Set() };
}

function addName(draft: Draft, value: string, language: string | undefined, isLabel: boolean): void {
  const name = value.trim();
  if (name === '' || /^Q\d+$/.test(name)) return;
  const chinese = CHINESE.includes(language?.toLowerCase() ?? '') || /\p{Script=Han}/u.test(name);
  if (!chinese && language !== undefined && language !== 'en' && language !== 'mul') return;
  if (isLabel && chinese && draft.nameZh === '') draft.nameZh = name;
  else if (isLabel && !chinese && draft.name === '') draft.name = name;
  else (chinese ? draft.aliasesZh : draft.aliases).add(name);
}

function addTicker(draft: Draft, ticker: string, exchange: string | undefined): void {
  const symbol = ticker.trim().toUpperCase();
  const asCode = exchange === undefined ? undefined : EXCHANGES[exchange];
  if (asCode !== undefined) draft.codes.add(asCode(symbol).code);
  else if (/^\d{6}$/.test(symbol)) draft.codes.add(symbol);
  else if (/^[A-Z]{1,6}(?:[.-][A-Z]{1,2})?$/.test(symbol)) draft.tickers.add(symbol);
}

function collect(drafts: readonly (Draft | string)[]): ReadList {
  const companies: Company[] = [];
  const refused: { row: number; reason: string }[] = [];
  for (const [index, draft] of drafts.entries()) {
    if (typeof draft === 'string' || (draft.name === '' && draft.nameZh === '')) {
      refused.push({
        row: index + 1,
        reason: typeof draft === 'string' ? draft : 'it has no label in English or Chinese',
      });
      continue;
    }
    companies.push({
      name: draft.name === '' ? draft.nameZh : draft.name,
      ...(draft.nameZh === '' ? {} : { name_zh: draft.nameZh }),
      tickers: [...draft.tickers],
      codes: [...draft.codes],
      aliases: [...draft.aliases],
      aliases_zh: [...draft.aliasesZh],
    });
  }
  return { companies, refused };
}
