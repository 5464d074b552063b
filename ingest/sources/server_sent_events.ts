/**
 * Server-sent events out of a byte stream (HTML standard, 9.2.6), each within a limit. `id` and `retry` are not used by
 * what we read. Pure but for the stream.
 */
import { readLines } from './lines.ts';

export interface ServerSentEvent {
  /** "message" where the server names none. */
  readonly event: string;
  readonly data: string;
  /** It was longer than the limit; `data` is empty. */
  readonly isTooLong: boolean;
}

export async function* readServerSentEvents(
  chunks: AsyncIterable<Buffer>,
  maxBytes: number,
): AsyncGenerator<ServerSentEvent> {
  let event = '';
  let data: string[] = [];
  let size = 0;
  let isTooLong = false;
  for await (const lines of readLines(chunks, maxBytes)) {
    for (const line of lines) {
      if (line.text === '' && !line.isTooLong) {
        if (data.length > 0 || isTooLong)
          yield { event: event || 'message', data: isTooLong ? '' : data.join('\n'), isTooLong };
        event = '';
        data = [];
        size = 0;
        isTooLong = false;
        continue;
      }
      const [, field = '', value = ''] = /^([^:]*)(?:: ?([^]*))?$/.exec(line.text) ?? [];
      if (field === 'event') event = value;
      if (field !== 'data') continue;
      size += value.length;
      isTooLong ||= line.isTooLong || size > maxBytes;
      if (!isTooLong) data.push(value);
    }
  }
}
