/** Refusals in ClickHouse's own words and numbers (ErrorCodes.cpp), so that its clients understand them. */

const CODES = {
  BAD_ARGUMENTS: { code: 36, status: 400 },
  SYNTAX_ERROR: { code: 62, status: 400 },
  UNKNOWN_FORMAT: { code: 73, status: 400 },
  UNKNOWN_DATABASE: { code: 81, status: 404 },
  READONLY: { code: 164, status: 500 },
  TOO_MANY_SIMULTANEOUS_QUERIES: { code: 202, status: 500 },
  UNKNOWN_QUERY_PARAMETER: { code: 456, status: 400 },
  TOO_MANY_ROWS_OR_BYTES: { code: 396, status: 500 },
  ACCESS_DENIED: { code: 497, status: 403 },
  TOO_LARGE_STRING_SIZE: { code: 131, status: 413 },
  UNSUPPORTED_METHOD: { code: 1, status: 501 },
  AUTHENTICATION_FAILED: { code: 516, status: 403 },
  REQUIRED_PASSWORD: { code: 194, status: 401 },
  QUOTA_EXCEEDED: { code: 201, status: 429 },
} as const;

export type ExceptionType = keyof typeof CODES;

export class ClickHouseException extends Error {
  readonly type: string;
  readonly code: number;
  /** HTTP status. */
  readonly status: number;

  constructor(type: ExceptionType, message: string) {
    super(message);
    this.name = 'ClickHouseException';
    this.type = type;
    this.code = CODES[type].code;
    this.status = CODES[type].status;
  }
}

/** HTTP status of an error of the engine, as ClickHouse's HTTPHandler chooses it: the statement's fault, or not. */
function statusOf(code: number): number {
  if ([497].includes(code)) return 403;
  if ([60, 81].includes(code)) return 404;
  const statement = [
    6, 26, 27, 36, 38, 41, 43, 44, 46, 47, 53, 62, 63, 69, 70, 72, 73, 115, 179, 184, 215, 386, 456, 457,
  ];
  if (statement.includes(code)) return 400;
  return code === 159 ? 408 : 500;
}

export interface ExceptionAnswer {
  readonly status: number;
  readonly code: number;
  /** "Code: 62. DB::Exception: … (SYNTAX_ERROR) (version 26.7.2.1)": what clients take the error from. */
  readonly text: string;
}

/** An exception as it goes out; null for what neither the engine nor this endpoint said (a defect, shown to nobody). */
export function exceptionAnswer(thrown: unknown, version: string): ExceptionAnswer | null {
  const known = engineError(thrown);
  if (known === null) return null;
  const { code, type, message } = known;
  const text = `Code: ${code}. DB::Exception: ${message.trim()} (${type}) (version ${version} (tidewatch))\n`;
  return { status: thrown instanceof ClickHouseException ? thrown.status : statusOf(code), code, text };
}

function engineError(thrown: unknown): { code: number; type: string; message: string } | null {
  for (let error: unknown = thrown; error instanceof Error; error = error.cause) {
    const { code, type } = error as { code?: unknown; type?: unknown };
    if (typeof type === 'string' && /^\d+$/.test(String(code))) {
      return { code: Number(code), type, message: error.message };
    }
  }
  return null;
}
