/**
 * A Kafka broker and a ClickHouse server that refuse every login and repeat in their errors what they were given, as no good
 * server does: what they say must reach no log. The broker speaks TLS and the four requests of a client that comes in
 * (Kafka's protocol guide: ApiVersions, SaslHandshake, SaslAuthenticate).
 */
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';

export interface Telltale {
  readonly port: number;
  /** What was given to it, as it was repeated. */
  heard(): string;
  close(): Promise<void>;
}

const API_VERSIONS = 18;
const SASL_HANDSHAKE = 17;
const SASL_AUTHENTICATE = 36;
const SASL_AUTHENTICATION_FAILED = 58;

const int16 = (value: number): Buffer => {
  const buffer = Buffer.alloc(2);
  buffer.writeInt16BE(value);
  return buffer;
};
const int32 = (value: number): Buffer => {
  const buffer = Buffer.alloc(4);
  buffer.writeInt32BE(value);
  return buffer;
};
const text = (value: string): Buffer => Buffer.concat([int16(Buffer.byteLength(value)), Buffer.from(value)]);

export async function openTelltaleBroker(cert: Buffer, key: Buffer): Promise<Telltale> {
  let heard = '';
  const sockets = new Set<Socket>();

  /** The answer's body, without its size and correlation id. */
  function answer(api: number, body: Buffer): Buffer {
    if (api === API_VERSIONS) {
      const known = [API_VERSIONS, SASL_HANDSHAKE, SASL_AUTHENTICATE];
      const rows = known.flatMap((one) => [int16(one), int16(0), int16(1)]);
      return Buffer.concat([int16(0), int32(known.length), ...rows, int32(0)]);
    }
    if (api === SASL_HANDSHAKE) return Buffer.concat([int16(0), int32(1), text('PLAIN')]);
    const given = body
      .subarray(4, 4 + body.readInt32BE())
      .toString()
      .replaceAll('\0', ' ');
    heard += given;
    return Buffer.concat([int16(SASL_AUTHENTICATION_FAILED), text(`wrong: ${given}`), int32(0), int32(0), int32(0)]);
  }

  const server = createTlsServer({ cert, key, requestCert: true, rejectUnauthorized: false }, (socket) => {
    sockets.add(socket);
    let waiting = Buffer.alloc(0);
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      waiting = Buffer.concat([waiting, chunk]);
      while (waiting.length >= 4 && waiting.length >= 4 + waiting.readInt32BE()) {
        const request = waiting.subarray(4, 4 + waiting.readInt32BE());
        waiting = waiting.subarray(4 + request.length);
        const client = request.readInt16BE(8);
        const reply = answer(request.readInt16BE(), request.subarray(10 + Math.max(0, client)));
        socket.write(Buffer.concat([int32(4 + reply.length), request.subarray(4, 8), reply]));
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    heard: () => heard,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export async function openTelltaleClickHouse(): Promise<Telltale> {
  let heard = '';
  const server = createHttpServer((request, response) => {
    request.resume();
    const { authorization = '' } = request.headers;
    const given = Buffer.from(authorization.replace(/^Basic /, ''), 'base64').toString();
    heard += given;
    response.writeHead(403, { 'content-type': 'text/plain', 'x-clickhouse-exception-code': '516' });
    response.end(
      `Code: 516. DB::Exception: Authentication failed for ${given} (${authorization}). (AUTHENTICATION_FAILED)\n`,
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    heard: () => heard,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
