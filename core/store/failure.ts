/** What the store's errors mean to a caller: wait for room, try again, or a defect of ours that no retry will mend. */
import { TidewatchError, toTidewatchError } from '../errors.ts';

/** Names as in ClickHouse's ErrorCodes.cpp; the statement or its values are wrong. */
const OURS =
  /^(SYNTAX_ERROR|UNKNOWN_|TYPE_MISMATCH|ILLEGAL_|BAD_|NO_COMMON_TYPE|NUMBER_OF_ARGUMENTS|CANNOT_PARSE|CANNOT_CONVERT|INCORRECT_DATA|NOT_AN_AGGREGATE|MISSING_COLUMNS|THERE_IS_NO_COLUMN|NO_SUCH_COLUMN|AMBIGUOUS_)/;

/** A thrown thing of @clickhouse/client as a TidewatchError; `doing` starts the message ("Inserting 500 opinions"). */
export function storeError(thrown: unknown, doing: string): TidewatchError {
  if (thrown instanceof TidewatchError) return thrown;
  const type = (thrown as { type?: unknown } | null)?.type;
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  const message = `${doing} failed: ${text.replace(/\s+/g, ' ').slice(0, 500)}`;
  // ClickHouse reserves room and says so; past that it passes the system's own words on.
  const system = toTidewatchError(type === 'NOT_ENOUGH_SPACE' ? new Error(type) : thrown, 'storage.unavailable');
  if (system.code !== 'storage.unavailable') {
    const hint = system.hint === undefined ? {} : { hint: system.hint };
    const why = system.code === 'storage.full' ? `${doing} failed, the disk is full: ` : `${doing} failed: `;
    return new TidewatchError(
      system.code,
      message.replace(`${doing} failed: `, () => why),
      { cause: thrown, ...hint },
    );
  }
  if (typeof type === 'string' && OURS.test(type)) return new TidewatchError('internal', message, { cause: thrown });
  if (type === 'AUTHENTICATION_FAILED' || type === 'ACCESS_DENIED') {
    return new TidewatchError('storage.unavailable', message, {
      cause: thrown,
      retryable: false,
      hint: 'Check store.username, store.password and the rights of that user.',
    });
  }
  return new TidewatchError('storage.unavailable', message, { cause: thrown });
}
