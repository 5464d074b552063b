/**
 * A source that goes quiet or dies, and one that is well again: said once in the log, and on a topic of the stream,
 * from where whoever tells people takes it. See docs/decisions/0026-silent-sources.md.
 */
import type { Clock } from '../core/clock.ts';
import { isoTime } from '../core/event.ts';
import type { SourceHealth, SourceNews } from '../core/health.ts';
import type { Logger } from '../core/log.ts';
import { TOPICS, type Stream } from '../core/stream/stream.ts';

export async function tellOfSource(
  health: SourceHealth,
  {
    clock,
    log,
    stream,
    signal,
  }: { readonly clock: Clock; readonly log: Logger; readonly stream: Stream; readonly signal: AbortSignal },
): Promise<void> {
  const { name, status, reason } = health;
  const isBad = status === 'quiet' || status === 'failing' || status === 'dead';
  log[isBad ? 'warn' : 'info'](
    { event: 'source.changed', source: name, status },
    isBad ? `${name} is ${status}: ${reason ?? 'no reason known'}` : `${name} is well again`,
  );
  const news: SourceNews = { at: isoTime(clock.now()), ...health };
  await stream.append(TOPICS.sources, [{ key: name, value: news }], signal);
}
