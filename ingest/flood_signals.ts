/**
 * What looks coordinated about a post, as numbers in [0, 1]; 0 is nothing. Pure. Each signal says little by itself: news
 * makes people post at once, and companies in one sector stand side by side. `combined` adds them up as independent
 * evidence (noisy or), so that only several together, or one very strong, come near 1.
 *
 * Signals after Cresci et al., "Cashtag piggybacking: uncovering spam and bot activity in stock microblogs on Twitter"
 * (ACM TWEB 13(2), 2019) and Pacheco et al., "Uncovering coordinated networks on social media" (ICWSM 2021: the same
 * text, the same moments). Rejected: a learnt classifier (labelled campaigns on finance boards are not to be had).
 */

/** `authors`: others that wrote the same in their own name within half an hour; `newcomers` of them were never seen before. */
export function sameText(authors: number, newcomers: number, hasLink: boolean): number {
  if (authors <= 2) return 0;
  const many = 1 - Math.exp(-(authors - 2) / 4);
  // A headline with its link is what "share" buttons post, by people who have posted before.
  return many * (hasLink && newcomers * 2 < authors ? 0.35 : 1);
}

/** `posts` about one target within an hour, `newcomers` of them by accounts never seen before; `usual` share of such posts. */
export function newcomerBurst(posts: number, newcomers: number, usual: number): number {
  if (posts < 8) return 0;
  const share = Math.min(0.98, Math.max(0.02, usual));
  const deviation = (newcomers - posts * share) / Math.sqrt(posts * share * (1 - share));
  // News brings newcomers, too: by itself this never says more than 0.6.
  return 0.6 * clamp((deviation - 4) / 6);
}

/** `posts` of one author about one target within an hour, this one included. */
export function oneVoice(posts: number): number {
  return posts <= 4 ? 0 : 1 - Math.exp(-(posts - 4) / 4);
}

/** Cashtags of one post, the share of their pairs never seen together before, and the words of the post. */
export function piggyback(cashtags: number, unrelated: number, words: number): number {
  if (cashtags < 4) return 0;
  const density = clamp(cashtags / Math.max(1, words) / 0.25);
  return 0.9 * clamp((cashtags - 3) / 4) * (0.25 + 0.75 * unrelated) * (0.5 + 0.5 * density);
}

/** Times in milliseconds, ascending. Chance posts at intervals whose deviation is about their mean; a clock does not. */
export function rhythm(times: readonly number[]): number {
  if (times.length < 7) return 0;
  const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
  // Times to the minute or day would all look regular.
  if (mean < 2000 || mean > 6 * 3_600_000) return 0;
  const variance = gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length;
  return 0.6 * clamp((0.3 - Math.sqrt(variance) / mean) / 0.2);
}

export function combined(signals: readonly number[]): number {
  return Number((1 - signals.reduce((rest, signal) => rest * (1 - signal), 1)).toFixed(3));
}

function clamp(value: number): number {
  return Math.min(1, Math.max(0, value));
}
