/** Answering a request, also one whose body is still on its way and will not be read. */
import type { IncomingMessage, ServerResponse } from 'node:http';

/** How long a client that was refused while sending may go on sending, unread. */
const LINGER_MS = 2000;

/** JSON and a line end; nothing where an answer was begun already. */
export function send(
  response: ServerResponse,
  status: number,
  body: object,
  headers: Record<string, string> = {},
): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers });
  response.end(`${JSON.stringify(body)}\n`);
}

/**
 * Answers a client that is still sending, and reads on for a while without keeping it: closing at once would reset the
 * connection, and a client that writes before it reads would never see the answer (RFC 9112 section 9.6). Returns when
 * the answer is on its way; the request does not count as open meanwhile.
 */
export function sendEarly(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  body: object,
  headers: Record<string, string> = {},
): void {
  if (response.headersSent || response.destroyed) return;
  const text = `${JSON.stringify(body)}\n`;
  const length = { 'content-length': String(Buffer.byteLength(text)), connection: 'close' };
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers, ...length });
  response.write(text);
  const limit = setTimeout(finish, LINGER_MS);
  function finish(): void {
    clearTimeout(limit);
    response.end();
    if (!request.complete) request.destroy();
  }
  request.once('end', finish).once('close', finish).once('error', finish);
  request.resume();
}
