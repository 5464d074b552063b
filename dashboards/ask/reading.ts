/** What the readers of times share: what they are given, and how "since" turns a day, a week or a month into all that follows. */

export const DAY = 86_400_000;

/** Epoch milliseconds; `to` is exclusive. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

export interface Asked {
  readonly match: RegExpExecArray;
  /** Midnight of the day on which one asks, and the end of what is asked about: epoch milliseconds, reckoned as if in UTC. */
  readonly today: number;
  readonly now: number;
  /** Whether "since" stands at the words: then it lasts until now. */
  readonly isSince: boolean;
}

/** Words, and what they mean; null where they mean nothing after all. */
export type Reader = readonly [RegExp, (asked: Asked) => Span | null];

export function isSince({ index, 0: words }: RegExpExecArray, text: string): boolean {
  const before = text.slice(Math.max(0, index - 16), index);
  const after = text.slice(index + words.length, index + words.length + 6);
  return (
    /\b(?:since|from|after|as of|starting)\s+(?:last\s+|on\s+|the\s+|in\s+)*$/i.test(before) ||
    /[从從自]$/.test(before) ||
    /^(?:以[来來]|起|[开開]始|之[后後]|以[后後]|[后後]|至今|到[现現]在)/.test(after)
  );
}

/** From `start` to `end`, or on until now. */
export function lasting({ isSince: since, now }: Asked, start: number, end: number): Span {
  return { from: start, to: since ? now : Math.min(now, end) };
}

export function oneDay(asked: Asked, start: number): Span {
  return lasting(asked, start, start + DAY);
}

/** First of a month, counted from that of `at`: 0 is its own, -1 the one before. */
export function monthOf(at: number, offset: number): number {
  const date = new Date(at);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + offset, 1);
}

/** First of a year, counted likewise. */
export function yearOf(at: number, offset: number): number {
  return Date.UTC(new Date(at).getUTCFullYear() + offset, 0, 1);
}

/** Monday of the week that `at` is in; `at` is a midnight. */
export function mondayOf(at: number): number {
  return at - ((new Date(at).getUTCDay() + 6) % 7) * DAY;
}
