/**
 * One error class and one table of codes for the whole house. Retry logic reads only `retryable`; the code is the
 * label of the error metric; the message names the setting or thing, the rule and the value; the hint says what to do.
 * Rejected: a class per error (nobody catches by class here, and the table documents itself).
 */

import { withoutSecrets } from './secret.ts';

export const ERROR_CODES = {
  'config.invalid': { retryable: false, meaning: 'A setting is missing, unknown or out of range.' },
  'config.unreadable': { retryable: false, meaning: 'The settings file cannot be read or is not YAML.' },
  'input.invalid': { retryable: false, meaning: 'A document or a line of input does not have the documented form.' },
  'input.too_large': { retryable: false, meaning: 'A document, response or file is larger than its limit.' },
  'input.unprocessable': { retryable: false, meaning: 'A body of a request is JSON, but not of the documented form.' },
  'input.media_type': { retryable: false, meaning: 'A body of a request is of another media type than is taken.' },
  'input.method': { retryable: false, meaning: 'A path was asked by a method that it does not have.' },
  'input.absent': { retryable: false, meaning: 'What a request names does not exist.' },
  'input.conflict': { retryable: false, meaning: 'A request does not fit the present state of what it names.' },
  'access.unauthenticated': { retryable: false, meaning: 'A request came without a token, or with an unknown one.' },
  'access.forbidden': { retryable: false, meaning: 'The role of the token does not reach, or another site asks.' },
  'access.too_many': { retryable: true, meaning: 'A token or an address asks more often than it may.' },
  'http.refused_address': { retryable: false, meaning: 'A fetch would connect to a private or reserved address.' },
  'http.status': { retryable: false, meaning: 'A server answered with a status that a retry will not change.' },
  'http.unavailable': { retryable: true, meaning: 'A server is unreachable, too slow, or asks to come back later.' },
  'feed.malformed': {
    retryable: true,
    meaning: 'A feed or an answer of an API does not have its form, or a feed carries a forbidden DTD.',
  },
  'storage.unavailable': { retryable: true, meaning: 'The store or stream did not take a write or answer a query.' },
  'storage.full': { retryable: true, meaning: 'The disk has no room left.' },
  'storage.read_only': { retryable: false, meaning: 'The data folder cannot be written.' },
  'storage.locked': { retryable: false, meaning: 'Another process has the data folder open.' },
  'model.missing': { retryable: false, meaning: 'The model folder is absent or incomplete.' },
  'model.checksum': { retryable: false, meaning: 'A model file does not match its recorded SHA-256.' },
  'model.failed': { retryable: true, meaning: 'The model did not label a batch.' },
  'library.missing': { retryable: false, meaning: 'An optional library is not installed.' },
  'server.port_taken': { retryable: false, meaning: 'The address to listen on is already in use.' },
  'notify.rejected': { retryable: false, meaning: 'A notification was refused for good.' },
  'notify.unavailable': { retryable: true, meaning: 'A notification could not be delivered yet.' },
  internal: { retryable: false, meaning: 'A defect in Tidewatch itself.' },
} as const satisfies Record<string, { retryable: boolean; meaning: string }>;

export type ErrorCode = keyof typeof ERROR_CODES;

export class TidewatchError extends Error {
  readonly code: ErrorCode;
  readonly retryable: boolean;
  /** What the reader can do about it; shown on its own line. */
  readonly hint: string | undefined;
  /** Earliest next try in milliseconds from now, where the other side said so (Retry-After). */
  readonly retryAfterMs: number | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; hint?: string; retryable?: boolean; retryAfterMs?: number } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'TidewatchError';
    this.code = code;
    this.retryable = options.retryable ?? ERROR_CODES[code].retryable;
    this.hint = options.hint;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** Any thrown thing as a TidewatchError; operating-system codes that a user can act on get their own code. */
export function toTidewatchError(thrown: unknown, fallback: ErrorCode = 'internal'): TidewatchError {
  if (thrown instanceof TidewatchError) return thrown;
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const system = (error as NodeJS.ErrnoException).code ?? '';
  const text = `${system} ${error.message}`;
  if (/ENOSPC|MDB_MAP_FULL|NOT_ENOUGH_SPACE|No space left on device/i.test(text)) {
    return new TidewatchError('storage.full', `The disk is full: ${error.message}`, {
      cause: error,
      hint: 'Free some space or point data_dir at a larger disk. Nothing is lost: work goes on by itself, or at the next start.',
    });
  }
  if (/EROFS|EACCES|EPERM|Read-only file system|Permission denied/i.test(text)) {
    return new TidewatchError('storage.read_only', `The data folder cannot be written: ${error.message}`, {
      cause: error,
      hint: 'Give this user write access to data_dir, or point data_dir somewhere else.',
    });
  }
  return new TidewatchError(fallback, error.message, { cause: error });
}

/** Text for a person: message, then hint, then the code in brackets. Never a stack. */
export function explainError(thrown: unknown): string {
  const error = toTidewatchError(thrown);
  return withoutSecrets(`${error.message} [${error.code}]${error.hint === undefined ? '' : `\n  ${error.hint}`}`);
}

/** A URL without its user, password, query and fragment: safe to log. */
export function redactUrl(url: string): string {
  try {
    const parsed = new URL(url);
    return `${parsed.protocol}//${parsed.host}${parsed.pathname}${parsed.search === '' ? '' : '?…'}`;
  } catch {
    return '(not a URL)';
  }
}
