/**
 * Listening to a WebSocket of an address that other people chose: the same check of the connected address as every
 * fetch, a limit on a message's size (counted after decompression), and a ping where nothing was heard for a while, so
 * that a connection that died without a word is noticed. By undici's WebSocket (RFC 6455, RFC 7692).
 *
 * An agent of its own for each connection, because undici keeps the size limit there and because the socket has to be
 * destroyed when we leave: close() alone waits for an answer that a dead peer never gives.
 * Rejected: the `ws` package (its own connecting code would go around the guard), Node's global WebSocket (not in 20).
 */
import { channel, subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Duplex } from 'node:stream';
import { Agent, WebSocket, ping, type buildConnector } from 'undici';
import { onAbort } from './abort.ts';
import { TidewatchError, redactUrl } from './errors.ts';

export interface ListenOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** Largest message, decompressed; a larger one ends the connection. */
  readonly maxMessageBytes?: number;
  /** A ping is sent after this long without a sign of life; as long again without an answer ends the connection. */
  readonly silenceMs?: number;
  /** Longest until the connection stands. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  onOpen?(): void;
  /** What it throws ends the connection, and is what `listen` rejects with. */
  onMessage(text: string): void;
}

/** Where undici tells of frames that the WebSocket interface hides. */
const SIGNS_OF_LIFE = [channel('undici:websocket:ping'), channel('undici:websocket:pong')];

/**
 * Listens until the connection ends; so it only ever rejects.
 * @throws TidewatchError http.unavailable (not reached, refused, ended), http.refused_address; the signal's reason
 */
export async function listenToSocket(
  address: string,
  connector: buildConnector.connector,
  options: ListenOptions,
): Promise<never> {
  options.signal?.throwIfAborted();
  const { maxMessageBytes = 1_000_000, silenceMs = 30_000, timeoutMs = 20_000 } = options;
  const where = redactUrl(address);
  let stream: Duplex | null = null;
  let connectError: Error | null = null;
  const agent = new Agent({
    webSocket: { maxPayloadSize: maxMessageBytes },
    connect: (request, callback) =>
      connector(request, (...[error, socket]) => {
        connectError = error;
        stream = socket;
        if (error === null) callback(null, socket);
        else callback(error, null);
      }),
  });
  const socket = new WebSocket(address, { dispatcher: agent, headers: { ...options.headers } });
  let heard = true;
  let isWaitingForPong = false;
  const onSign = (sign: unknown): void => {
    if ((sign as { websocket?: unknown }).websocket === socket) heard = true;
  };
  for (const { name } of SIGNS_OF_LIFE) subscribe(name, onSign);
  let timer: NodeJS.Timeout | undefined;
  let letGo = (): void => undefined;
  try {
    return await new Promise<never>((_, reject) => {
      const lost = (reason: string): void => reject(connectError ?? new TidewatchError('http.unavailable', reason));
      timer = setTimeout(() => lost(`${where}: no answer in time`), timeoutMs);
      const { signal } = options;
      if (signal !== undefined) letGo = onAbort(signal, () => reject(signal.reason as Error));
      let isOpen = false;
      socket.addEventListener('open', () => {
        isOpen = true;
        clearTimeout(timer);
        timer = setInterval(() => {
          if (!heard && isWaitingForPong) return lost(`${where} fell silent and did not answer a ping`);
          isWaitingForPong = !heard;
          if (!heard) ping(socket);
          heard = false;
        }, silenceMs);
        options.onOpen?.();
      });
      socket.addEventListener('message', ({ data }) => {
        heard = true;
        if (typeof data !== 'string') return;
        try {
          options.onMessage(data);
        } catch (error) {
          reject(error as Error);
        }
      });
      socket.addEventListener('error', () => undefined);
      socket.addEventListener('close', ({ code, reason }) => {
        if (!isOpen) lost(`${where} did not take the connection (a wrong address or token, or it is not up)`);
        else if (code !== 1006) lost(`${where} ended the connection (${code}${reason === '' ? '' : ` ${reason}`})`);
        else lost(`${where}: the connection broke off, or sent a message of more than ${maxMessageBytes} bytes`);
      });
    });
  } finally {
    clearInterval(timer);
    // The signal lives as long as its stage: it would hold the socket of every connection that there was.
    letGo();
    for (const { name } of SIGNS_OF_LIFE) unsubscribe(name, onSign);
    // A word of farewell, then the end, whether or not the other side answers.
    socket.close();
    (stream as Duplex | null)?.destroy();
    await agent.destroy();
  }
}
