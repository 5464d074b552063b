/**
 * Lines of GDELT's files: the list of the newest files, and records of the Global Knowledge Graph. Pure.
 * Source: GDELT-Global_Knowledge_Graph_Codebook-V2.1 (27 tab-separated columns) and the GDELT 2.0 announcement
 * (lastupdate.txt: size, MD5 and address of each file of the last 15 minutes).
 */
import { htmlToText } from '../html.ts';
import type { RawItem } from '../source.ts';

export interface ListedFile {
  readonly bytes: number;
  /** 32 hexadecimal digits. */
  readonly md5: string;
  readonly url: string;
  /** YYYYMMDDHHMMSS, the end of its 15 minutes in UTC. */
  readonly stamp: string;
}

const FILE = /^(\d{1,12}) ([\da-f]{32}) (https?:\/\/\S{1,300}\/(\d{14})(?:\.translation)?\.gkg\.csv\.zip)$/i;

/** The knowledge-graph file of a lastupdate.txt; null where it lists none. */
export function readFileList(text: string): ListedFile | null {
  for (const line of text.split(/\r?\n/)) {
    const [, bytes, md5, url, stamp] = FILE.exec(line.trim()) ?? [];
    if (url !== undefined && md5 !== undefined && stamp !== undefined) {
      return { bytes: Number(bytes), md5: md5.toLowerCase(), url, stamp };
    }
  }
  return null;
}

const COLUMNS = 27;
const COLUMN = { id: 0, date: 1, outlet: 3, url: 4, themes: 7, translation: 25, extras: 26 } as const;
/** Three-letter codes in TRANSLATIONINFO, to what documents carry. */
const LANGUAGES: Readonly<Record<string, string>> = { zho: 'zh', eng: 'en' };

export interface KnowledgeRecord {
  readonly item: RawItem;
  /** Such as ECON_STOCKMARKET. */
  readonly themes: readonly string[];
}

/** The record; null for a page without a title (nothing to read), or one sentence that says why the line is none. */
export function readKnowledgeRecord(line: string): KnowledgeRecord | string | null {
  const columns = line.split('\t');
  if (columns.length !== COLUMNS) return `It has ${columns.length} columns, not ${COLUMNS}.`;
  const column = (name: keyof typeof COLUMN): string => columns[COLUMN[name]]?.trim() ?? '';
  if (!/^\d{14}-T?\d+$/.test(column('id')) || !/^\d{14}$/.test(column('date')))
    return 'It has no record id or no date.';
  const title = inner(column('extras'), 'PAGE_TITLE');
  if (title === '') return null;
  const date = column('date');
  const stated = inner(column('extras'), 'PAGE_PRECISEPUBTIMESTAMP');
  // What the page says of itself is believed where it is not later than when GDELT saw it.
  const published = /^\d{14}$/.test(stated) && stated <= date ? stated : date;
  const language = /srclc:([a-z]{3})/.exec(column('translation'))?.[1];
  const author = inner(column('extras'), 'PAGE_AUTHORS').split(';', 1)[0] ?? '';
  return {
    themes: column('themes')
      .split(';')
      .filter((theme) => theme !== ''),
    item: {
      // The address, not the record: GDELT lists a page again when it changes.
      guid: column('url'),
      url: column('url'),
      title,
      text: '',
      html: false,
      published_at: timeOf(published),
      // Untranslated pages are English; of the others only what we can name is named.
      ...(language === undefined ? { language: 'en' } : { language: LANGUAGES[language] ?? language }),
      ...(column('outlet') === '' ? {} : { source: column('outlet') }),
      ...(author === '' ? {} : { author }),
      source_class: 'news',
    },
  };
}

/** An element's text with character references resolved; '' without one. No element of that column has children. */
function inner(extras: string, name: string): string {
  const start = extras.indexOf(`<${name}>`);
  if (start === -1) return '';
  const from = start + name.length + 2;
  const end = extras.indexOf(`</${name}>`, from);
  return end === -1 ? '' : htmlToText(extras.slice(from, end)).trim();
}

/** YYYYMMDDHHMMSS in UTC as ISO 8601. */
export function timeOf(stamp: string): string {
  const [year, month, day, hour, minute, second] = [0, 4, 6, 8, 10, 12].map((at, index) =>
    stamp.slice(at, index === 0 ? 4 : at + 2),
  );
  return `${year}-${month}-${day}T${hour}:${minute}:${second}Z`;
}
