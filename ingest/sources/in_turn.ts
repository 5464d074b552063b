/**
 * Parts of one origin that are asked one after another, each with a cursor of its own: outlets, forms. One that fails does not
 * keep those behind it from being read, or a name that the service dropped would stop them for good.
 */
import { toTidewatchError } from '../../core/errors.ts';

/** Reads all parts. @throws what the first that failed threw; at once what aborts, or says that the origin wants rest */
export async function readInTurn<Part>(
  parts: readonly Part[],
  signal: AbortSignal,
  read: (part: Part) => Promise<void>,
): Promise<void> {
  const failures: unknown[] = [];
  for (const part of parts) {
    try {
      await read(part);
    } catch (thrown) {
      if (signal.aborted || toTidewatchError(thrown).retryAfterMs !== undefined) throw thrown;
      failures.push(thrown);
    }
  }
  if (failures.length > 0) throw failures[0];
}
