/**
 * What is left of a window without its densest stretch of posts. A crowd that is hired comes at once and falls silent; people who
 * have a reason go on, and outlets take it up. So the posts of the densest part of the window are set aside, news of that time is
 * not, and a detector asks whether the rest is more than usual, too. It tells by time alone, which works where words and accounts
 * give nothing away: a swarm in words of its own by accounts that nobody knows (flood_signals.ts sees the others as they come).
 *
 * Its price: a true outcry is told when it has lasted longer than that part of the window, or when outlets report it; one that is over
 * sooner is not told. What it cannot see: a campaign drawn out over most of the window.
 *
 * Rejected: discounting posts by how many accounts are new (about a small company nearly every post is somebody's first); scoring the first
 * posts of a campaign anew once it is known (helps where its words are alike, and half of all swarms write their own).
 */
import type { Observation } from './observation.ts';
import type { SeriesWindow } from './window.ts';

export interface Rest {
  /** Posts set aside that lean negative, and the hours that they came in. */
  readonly posts: number;
  readonly hours: number;
  /** Summed negativity of what is left. */
  readonly negative: number;
  /** What part of the expected number is expected of it. */
  readonly part: number;
}

/** @param part of the window that may be set aside, in (0, 1) */
export function withoutBurst({ counted, start, end }: SeriesWindow, part: number): Rest {
  const spanMs = part * (end - start);
  const from = densest(
    counted.filter(({ sourceClass }) => sourceClass === 'social'),
    spanMs,
    start,
  );
  const until = Math.min(end, from + spanMs);
  let [posts, negative, outside, socialOutside] = [0, 0, 0, 0];
  for (const one of counted) {
    const isWithin = one.time >= from && one.time < until;
    const isSocial = one.sourceClass === 'social';
    if (isWithin && isSocial) {
      if (one.leansNegative) posts += 1;
      continue;
    }
    negative += one.weight * one.negative;
    if (isWithin) continue;
    outside += 1;
    if (isSocial) socialOutside += 1;
  }
  // Posts are expected of the other hours only, news of all; the other hours say how much of it is posts.
  const social = outside === 0 ? 1 : socialOutside / outside;
  return { posts, hours: spanMs / 3_600_000, negative, part: 1 - (social * (until - from)) / (end - start) };
}

/** Where the stretch of that length begins that holds most negativity; `posts` in the order of time. */
function densest(posts: readonly Observation[], spanMs: number, otherwise: number): number {
  let [most, from, sum, first] = [0, otherwise, 0, 0];
  for (const post of posts) {
    sum += worthOf(post);
    for (let gone = posts[first]; gone !== undefined && gone.time <= post.time - spanMs; gone = posts[first]) {
      sum -= worthOf(gone);
      first += 1;
    }
    if (sum > most) [most, from] = [sum, posts[first]?.time ?? otherwise];
  }
  return from;
}

function worthOf({ weight, negative }: Observation): number {
  return weight * Math.max(0, negative);
}
