/**
 * When the document of a message was fetched, for readers that read partitions abreast (SubscribeOptions.timeOf). Of a
 * document or an opinion; NaN of anything else, which is then read at once.
 */
export function fetchedAt(value: unknown): number {
  const { document, fetched_at: own } = (value ?? {}) as { document?: unknown; fetched_at?: unknown };
  const { fetched_at: inside } = (document ?? {}) as { fetched_at?: unknown };
  const time = inside ?? own;
  return typeof time === 'string' ? Date.parse(time) : NaN;
}
