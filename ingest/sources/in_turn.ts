/**
 * Parts of one origin that are asked one after another, each with a cursor of its own: outlets, forms. One that fails does not
 * keep those behind it from being read, or a name that the service dropped would stop them for good. Two in a row that cannot be
 * reached are another thing: the origin is away, and asking for the rest would only wait for one time-out after another.
 */
import { toTidewatchError } from '../../core/errors.ts';

/** Reads all parts. @throws what the first that failed threw; at once what aborts, or says that the origin wants rest or is away */
export async function readInTurn<Part>(
  parts: readonly Part[],
  signal: AbortSignal,
  read: (part: Part) => Promise<void>,
): Promise<void> {
  const failures: unknown[] = [];
  let wasUnavailable = false;
  for (const part of parts) {
    try {
      await read(part);
      wasUnavailable = false;
    } catch (thrown) {
      const { code, retryAfterMs } = toTidewatchError(thrown);
      const isUnavailable = code === 'http.unavailable';
      if (signal.aborted || retryAfterMs !== undefined || (wasUnavailable && isUnavailable)) throw thrown;
      wasUnavailable = isUnavailable;
      failures.push(thrown);
    }
  }
  if (failures.length > 0) throw failures[0];
}
