/**
 * An entry of EDGAR's current filings → an item with company, form, date and link. Pure.
 * A title reads "8-K - ACME CORP (0000123456) (Filer)"; the summary has "Filed:", "AccNo:", "Size:" and, for some forms,
 * a line for each item ("Item 2.02: Results of Operations and Financial Condition").
 */
import { cleanText } from '../../core/text.ts';
import { htmlToText } from '../html.ts';
import type { RawItem } from '../source.ts';

export interface Filing {
  /** "8-K", "8-K/A". */
  readonly form: string;
  /** Ten digits. */
  readonly cik: string;
  readonly item: RawItem;
}

const TITLE = /^(.{1,20}?) - (.{1,200}) \((\d{10})\) \(([^()]{1,60})\)$/;
const ACCESSION = /\b\d{10}-\d{2}-\d{6}\b/;
const FORMS: Readonly<Record<string, string>> = {
  '8-K': 'a current report',
  '6-K': 'a report of a foreign issuer',
  '10-K': 'an annual report',
  '10-Q': 'a quarterly report',
  '20-F': 'an annual report of a foreign issuer',
  'SCHEDULE 13D': 'a report of a holding of more than 5%',
  'SCHEDULE 13G': 'a report of a passive holding of more than 5%',
  // The same two until 18 December 2024, in what was recorded then.
  'SC 13D': 'a report of a holding of more than 5%',
  'SC 13G': 'a report of a passive holding of more than 5%',
  '4': 'a change in an insider’s holding',
  'S-1': 'a registration of securities',
  'NT 10-K': 'a notice that its annual report is late',
  'NT 10-Q': 'a notice that its quarterly report is late',
};

/** The filing, or one sentence that says why the entry is none. */
export function readFiling(entry: RawItem): Filing | string {
  const heading = cleanText(entry.title ?? entry.text);
  const [, form, company, cik, role] = TITLE.exec(heading) ?? [];
  if (form === undefined || company === undefined || cik === undefined || role === undefined) {
    return `An entry of EDGAR does not read "form - company (CIK) (role)": ${heading.slice(0, 100)}`;
  }
  const summary = cleanText(htmlToText(entry.text));
  const accession = ACCESSION.exec(`${entry.guid ?? ''} ${entry.url ?? ''} ${summary}`)?.[0];
  if (accession === undefined) return `An entry of EDGAR has no accession number: ${heading.slice(0, 100)}`;
  const name = company.trim();
  const meaning = FORMS[form.replace(/\/A$/, '')];
  const amended = form.endsWith('/A') ? ' (amended)' : '';
  const events = [...summary.matchAll(/Item \d+\.\d+: (.*?)(?= Item \d+\.\d+:|$)/g)].map((match) =>
    (match[1] ?? '').trim(),
  );
  const part = role === 'Filer' ? 'files' : `is ${role.toLowerCase()} in`;
  return {
    form,
    cik,
    item: {
      // One filing has an entry for each party: one document each, about that party.
      guid: `${accession}:${cik}`,
      title: `${name} ${part} ${form}${meaning === undefined ? '' : `, ${meaning}`}${amended}`,
      text: events.length > 0 ? events.join('; ') : `Form ${form} at the SEC, CIK ${cik}`,
      html: false,
      author: name,
      language: 'en',
      source: 'edgar',
      source_class: 'news',
      ...(entry.url === undefined ? {} : { url: entry.url }),
      ...(entry.published_at === undefined ? {} : { published_at: entry.published_at }),
    },
  };
}
