/** Reading a posted body within its limits, and the documents in it: each either an item or a reason. */
import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import type { ErrorCode } from '../../core/errors.ts';
import { decode, isCertainlyUtf8, knownEncoding, saidCharset } from '../encoding.ts';
import { itemFromRecord } from '../fields.ts';
import type { RawItem } from '../source.ts';

/** A request that is answered with a status other than 202; its message is the answer. */
export class RequestProblem extends Error {
  readonly status: number;
  readonly code: ErrorCode;
  readonly headers: Record<string, string>;

  constructor(status: number, code: ErrorCode, message: string, headers: Record<string, string> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

export interface PostedDocuments {
  /** With the place of each in the body. */
  readonly items: readonly { readonly index: number; readonly item: RawItem }[];
  readonly rejected: readonly { readonly index: number; readonly reason: string }[];
}

/** @throws RequestProblem 413 over the limit, 400 when the client breaks off, 408 when it is too slow */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const tooLarge = (): RequestProblem =>
    new RequestProblem(
      413,
      'input.too_large',
      `The body is larger than max_bytes (${maxBytes}); post in smaller parts.`,
      {
        connection: 'close',
      },
    );
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooLarge();
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > maxBytes) throw tooLarge();
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof RequestProblem) throw error;
    throw new RequestProblem(400, 'input.invalid', 'The body broke off.');
  }
  return Buffer.concat(chunks);
}

/** @throws RequestProblem 400 when the body is neither JSON nor NDJSON, or has no document in it; what `textOf` throws */
export function readDocuments(
  body: Buffer,
  contentType: string,
  limits: { readonly max_document_bytes: number },
): PostedDocuments {
  const text = textOf(body, contentType);
  const records = /ndjson|jsonl|json-seq/i.test(contentType) ? partsOf(text) : (wholeOf(text) ?? partsOf(text));
  if (records.length === 0) throw new RequestProblem(400, 'input.invalid', 'The body has no document in it.');
  if (
    records.length > 1 &&
    records.every(({ problem }) => problem !== undefined) &&
    !/ndjson|jsonl/i.test(contentType)
  ) {
    throw new RequestProblem(400, 'input.invalid', `The body is not JSON: ${records[0]?.problem ?? ''}`);
  }
  const items: { index: number; item: RawItem }[] = [];
  const rejected: { index: number; reason: string }[] = [];
  for (const [index, { record, bytes, problem }] of records.entries()) {
    const limit = limits.max_document_bytes;
    const read =
      problem ??
      (bytes > limit ? `It has ${bytes} bytes; max_document_bytes allows ${limit}.` : itemFromRecord(record));
    if (typeof read === 'string') rejected.push({ index, reason: read });
    else items.push({ index, item: read });
  }
  return { items, rejected };
}

/**
 * The body as its Content-Type says, UTF-8 where it says nothing: a client that is there to hear of it is told that its bytes are
 * something else, rather than guessed at. Only what can be nothing but UTF-8 is that whatever was said: libraries say Latin-1 of all.
 * @throws RequestProblem 400, 415
 */
function textOf(body: Buffer, contentType: string): string {
  const said = saidCharset(contentType) ?? 'utf-8';
  const encoding = knownEncoding(said);
  if (encoding === undefined) {
    throw new RequestProblem(415, 'input.media_type', `The charset ${said} is not known here; post UTF-8.`);
  }
  try {
    // Latin-1 accepts every byte, so that what is good UTF-8 would become Ã© for é.
    const isUtf8Too = encoding === 'windows-1252' ? isUtf8(body) : isCertainlyUtf8(body);
    return decode(body, encoding === 'utf-8' || isUtf8Too ? 'utf-8' : encoding, { fatal: true });
  } catch {
    const other = encoding === 'utf-8' ? 'UTF-8' : `${said}, which its Content-Type names`;
    throw new RequestProblem(400, 'input.invalid', `The body is not ${other}; post UTF-8.`);
  }
}

interface PostedRecord {
  readonly record?: unknown;
  readonly bytes: number;
  readonly problem?: string;
}

/** The body as one JSON value; null if it is none. */
function wholeOf(text: string): PostedRecord[] | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (!Array.isArray(value)) return [{ record: value, bytes: Buffer.byteLength(text) }];
  return value.map((record: unknown) => ({ record, bytes: Buffer.byteLength(JSON.stringify(record)) }));
}

/** RFC 7464 has this sign before each record, which may go over lines; JSON itself cannot hold it. */
const RECORD_SEPARATOR = '\u001e';

/** The body as one JSON value a line, or a record of a JSON text sequence. */
function partsOf(text: string): PostedRecord[] {
  const separator = text.trimStart().startsWith(RECORD_SEPARATOR) ? RECORD_SEPARATOR : '\n';
  const parts = text.split(separator).filter((part) => part.trim() !== '');
  return parts.map((part) => {
    const bytes = Buffer.byteLength(part);
    try {
      return { record: JSON.parse(part) as unknown, bytes };
    } catch (error) {
      return { bytes, problem: `It is not JSON: ${(error as Error).message}` };
    }
  });
}
