/** The list of opinions as CSV: all pages of the view behind one another, up to a number that a spreadsheet still likes. */
import type { OpinionRow, OpinionsAnswer } from '../contract.ts';
import type { Address } from './address.ts';
import { csvOf, type Cell } from './csv.ts';
import { opinionsQuery } from './first_questions.ts';
import { fetchAnswer } from './remote.ts';

const PAGE = 200;
const MOST_ROWS = 10_000;
const HEAD = [
  'published_at',
  'source',
  'author',
  'title',
  'text',
  'url',
  'language',
  'entities',
  'topic',
  'sentiment',
  'negative',
  'neutral',
  'positive',
  'confidence',
  'corrected_sentiment',
  'story',
  'model',
  'document_id',
];

/** @param told how many rows were read so far. @throws Refusal, or the network's Error */
export async function exportOpinions(
  address: Address,
  told: (rows: number) => void,
): Promise<{ csv: string; rows: number; cut: boolean; until: string }> {
  const query = opinionsQuery(address, PAGE);
  const rows: OpinionRow[] = [];
  let cursor: string | null = '';
  let until = '';
  while (cursor !== null && rows.length < MOST_ROWS) {
    const behind: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const answer: OpinionsAnswer = await fetchAnswer(`/api/opinions?${query}${behind}`);
    rows.push(...answer.opinions);
    until = answer.to;
    cursor = answer.next_cursor;
    told(rows.length);
  }
  return { csv: csvOf(HEAD, rows.map(cells)), rows: rows.length, cut: cursor !== null, until };
}

function cells(row: OpinionRow): Cell[] {
  const { negative, neutral, positive } = row.probabilities;
  return [
    row.published_at,
    row.source,
    row.author,
    row.title,
    row.text,
    row.url,
    row.language,
    row.entities.map(({ id }) => id).join(' '),
    row.topic,
    row.sentiment,
    rounded(negative),
    rounded(neutral),
    rounded(positive),
    rounded(row.confidence),
    row.feedback.find(({ kind }) => kind === 'sentiment')?.value ?? null,
    row.story,
    row.model,
    row.document_id,
  ];
}

function rounded(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
