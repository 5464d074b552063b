/**
 * Whether a feed came in the order of time. Event time goes by the newest document, so that in a file sorted newest first, or
 * behind one line with a wild date, nearly everything is late: it counts in history, but the windows it belongs to were
 * judged without it. Where one document's date is the cause, it is named. Pure.
 */
import type { Document } from '../core/event.ts';

/** A document whose date is far ahead of those that came after it. */
export interface Ahead {
  /** Its place among the documents of the run, from 1. */
  readonly number: number;
  readonly publishedAt: string;
  readonly source: string;
  /** Its title, or how its text begins. */
  readonly words: string;
  /** Documents that came late because of it. */
  readonly late: number;
}

export interface Arrival {
  /** Documents whose window had been judged when they came. */
  readonly late: number;
  /** Documents that were older than all that is remembered, and count for nothing. */
  readonly tooOld: number;
  /** Documents whose time names no zone, which was read as UTC. */
  readonly withoutZone: number;
  /** Null where few are late, or where the feed as a whole is out of order. */
  readonly ahead: Ahead | null;
}

/** Above this part of late documents a feed is taken for out of order: a few come late in every feed. */
const MANY = 0.03;
/** A feed that but for one date is in order: so many of the late ones are not before the one they follow. */
const IN_ORDER = 0.9;
const WORDS = 60;

interface Leader {
  readonly number: number;
  readonly document: Document;
  late: number;
  /** Late ones that are not before the document they follow. */
  inOrder: number;
}

export function areMany({ late, tooOld }: Pick<Arrival, 'late' | 'tooOld'>, documents: number): boolean {
  return late + tooOld > documents * MANY;
}

/** Notes documents as they come. */
export function createArrival() {
  let [documents, late, tooOld, withoutZone] = [0, 0, 0, 0];
  let newest = -Infinity;
  /** Time of the document before, the leader left aside. */
  let before = -Infinity;
  let leader: Leader | null = null;
  let worst: Leader | null = null;
  return {
    note(document: Document, intake: 'taken' | 'late' | 'too_old' | 'duplicate'): void {
      const time = Date.parse(document.published_at);
      documents += 1;
      if (document.published_at_mark === 'no_zone') withoutZone += 1;
      if (intake === 'late') late += 1;
      if (intake === 'too_old') tooOld += 1;
      if ((intake === 'late' || intake === 'too_old') && leader !== null) {
        leader.late += 1;
        if (time >= before) leader.inOrder += 1;
        if (worst === null || leader.late > worst.late) worst = leader;
      }
      before = time > newest ? newest : time;
      if (time <= newest) return;
      newest = time;
      leader = { number: documents, document, late: 0, inOrder: 0 };
    },
    result(): Arrival {
      const arrival = { late, tooOld, withoutZone, ahead: null };
      if (worst === null || !areMany(arrival, documents)) return arrival;
      const isCause = worst.late * 2 > late + tooOld && worst.inOrder >= worst.late * IN_ORDER;
      return { ...arrival, ahead: isCause ? aheadOf(worst) : null };
    },
  };
}

function aheadOf({ number, document, late }: Leader): Ahead {
  const { published_at: publishedAt, source, title, text } = document;
  return { number, publishedAt, source, words: (title ?? text).slice(0, WORDS), late };
}
