/** What is to be known about a feed before its alerts are believed, in sentences: for the page, the terminal and a replay. Pure. */
import { areMany, type Arrival } from './arrival.ts';

/** What the reading of a feed left out. */
export interface LinesLeftOut {
  /** No documents: broken, without text, too long. */
  readonly refused: number;
  /** Repetitions of documents that had come. */
  readonly duplicates: number;
}

/** How a feed is brought into the order of time. */
const SORTING = `sort the file by time (JSON lines: jq -cs 'sort_by(.published_at)[]' FEED > SORTED)`;

/** How a feed came; `ahead` absent: nobody looked whether one date is the cause. */
type Told = Omit<Arrival, 'ahead'> & Partial<Pick<Arrival, 'ahead'>> & { readonly documents: number };

/** Says that too many documents came late, and what to do; null where few did. */
function lateWarning({ late, tooOld, ahead, documents }: Told): string | null {
  if (!areMany({ late, tooOld }, documents)) return null;
  const part = `${late + tooOld} of ${documents} documents (${Math.round(((late + tooOld) / documents) * 100)}%) came later than allowed_lateness_mins, so that the windows they belong to were judged without them`;
  if (ahead === undefined)
    return `${part}. The feed is not in the order of time: ${SORTING}. Or one line is dated far ahead of the others: tidewatch backtest names it.`;
  if (ahead === null) return `${part}. The feed is not in the order of time: ${SORTING}.`;
  const { number, publishedAt, source, words } = ahead;
  return `${part}. Document ${number} of the feed is dated ${publishedAt}, far ahead of those around it (${source}: ${words}): mend its date, or take its line out.`;
}

/**
 * @param lines null where it is not known, of labels that an earlier version made or that were made in several goes
 * @param timeZone in which times without a zone were read; null: UTC
 */
export function feedNotes(feed: Told, lines: LinesLeftOut | null, timeZone: string | null): string[] {
  const { late, tooOld, withoutZone, documents } = feed;
  const notes: string[] = [];
  const warning = lateWarning(feed);
  if (warning !== null) notes.push(warning);
  else if (late + tooOld > 0)
    notes.push(
      `Documents that came later than allowed_lateness_mins, and count in history but not in the windows that had been judged: ${late + tooOld} of ${documents}.`,
    );
  if (tooOld > 0)
    notes.push(`Documents that were older than history_days when they came, and count for nothing: ${tooOld}.`);
  if (lines !== null && lines.refused > 0)
    notes.push(`Lines of the feed that were refused, as broken, without text or too long: ${lines.refused}.`);
  if (lines !== null && lines.duplicates > 0)
    notes.push(`Lines left out, because they repeat a document that had come: ${lines.duplicates}.`);
  if (withoutZone > 0 && timeZone === null)
    notes.push(
      `Times that name no zone, and were read as UTC: ${withoutZone}. With --time-zone Asia/Shanghai they are Beijing's.`,
    );
  return notes;
}
