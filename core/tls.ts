/**
 * TLS for every HTTP door by two files, as certificate tools write them. Without them a door speaks plain HTTP: on this
 * machine, or behind a proxy that has the certificate. Renewed files are taken up on SIGHUP, without a connection lost.
 * Node's defaults decide the rest (TLS 1.2 and 1.3, its cipher list): they are kept current with it.
 */
import { readFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { createSecureContext } from 'node:tls';
import { z } from 'zod';
import { TidewatchError } from './errors.ts';

export const tlsSettings = z
  .strictObject({
    cert_file: z.string().min(1).describe('PEM file of the certificate, with those between it and the root behind it.'),
    key_file: z.string().min(1).describe('PEM file of its private key.'),
  })
  .optional()
  .describe('Speaks HTTPS with this certificate; both files are read again on SIGHUP. Plain HTTP where absent.');

export type TlsSettings = NonNullable<z.output<typeof tlsSettings>>;

/**
 * How long an idle connection stays open: longer than proxies keep theirs to us (nginx and load balancers: a minute). After Node's
 * five seconds a proxy now and then sends a request into a connection that is just being closed, and answers 502.
 */
const KEPT_ALIVE_MS = 75_000;

/** Doors with a certificate, as long as they are open. */
const secured = new Set<() => void>();

/**
 * A server for a door, not listening yet: HTTPS where there is a certificate. The answer's type is that of node:http,
 * which both have in common.
 * @throws TidewatchError config.invalid where the files are no certificate and its key
 */
export function createDoorServer(
  tls: TlsSettings | undefined,
  given: ServerOptions = {},
  listener?: RequestListener,
): Server {
  const options = { keepAliveTimeout: KEPT_ALIVE_MS, ...given };
  if (tls === undefined) return createServer(options, listener);
  const server = createSecureServer({ ...options, ...readCertificate(tls) }, listener);
  const reload = (): void => server.setSecureContext(readCertificate(tls));
  server.on('listening', () => secured.add(reload));
  server.on('close', () => secured.delete(reload));
  return server as unknown as Server;
}

/**
 * Reads the certificates of all open doors again, and says of how many. A door whose new files are wrong keeps the old.
 * @throws TidewatchError config.invalid about the first such door, after all were tried
 */
export function reloadCertificates(): number {
  const failures: unknown[] = [];
  for (const reload of secured) {
    try {
      reload();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
  return secured.size;
}

function readCertificate({ cert_file, key_file }: TlsSettings): { cert: Buffer; key: Buffer } {
  try {
    const files = { cert: readFileSync(cert_file), key: readFileSync(key_file) };
    // A key that is not the certificate's is found here, not by the first client.
    createSecureContext(files);
    return files;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new TidewatchError('config.invalid', `tls: ${cert_file} and ${key_file} are no certificate and key: ${why}`, {
      cause,
      hint: 'Both are PEM files; the key has no passphrase and belongs to the certificate.',
    });
  }
}

/** Address of a door as a URL's start, such as https://127.0.0.1:8080. */
export function doorUrl(tls: TlsSettings | undefined, host: string, port: number): string {
  const shown = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  return `${tls === undefined ? 'http' : 'https'}://${shown}:${port}`;
}
