/** A server starts to listen, or says plainly why it cannot; and ends at once, or once it has answered what it was asked. */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { TidewatchError } from './errors.ts';

/**
 * Resolves to the port, which is the system's choice where 0 was asked for.
 * @throws TidewatchError server.port_taken (in use, or not open to this user), config.invalid; both with `hint`
 */
export function listen(server: Server, host: string, port: number, hint: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException): void => {
      const taken = error.code === 'EADDRINUSE' || error.code === 'EACCES';
      const why =
        error.code === 'EADDRINUSE'
          ? 'it is in use by another program'
          : error.code === 'EACCES'
            ? 'it is not open to this user (ports above 1023 are)'
            : error.message;
      const code = taken ? 'server.port_taken' : 'config.invalid';
      reject(new TidewatchError(code, `Cannot listen on ${host}:${port}: ${why}`, { cause: error, hint }));
    };
    server.once('error', failed);
    server.listen(port, host.replace(/^\[|\]$/g, ''), () => {
      server.off('error', failed);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/** Ends a server and what is connected to it; nothing where none was started. */
export async function stopListening(server: Server | undefined): Promise<void> {
  if (server === undefined) return;
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

/**
 * Takes no new connection and answers what is being answered, for at most so long; then cuts. Connections are kept for more questions,
 * for over a minute, and a server ends with its last one: each is closed as soon as its answer is on the way in full, and whoever asks
 * on over his is told that this answer is the last.
 */
export async function finishListening(server: Server | undefined, mostMs: number): Promise<void> {
  if (server?.listening !== true) return;
  server.prependListener('request', (_, response) => response.setHeader('Connection', 'close'));
  // Counts from the moment that an answer has been written out, which closing what looks idle would cut off.
  server.keepAliveTimeout = 1;
  const cut = setTimeout(() => server.closeAllConnections(), mostMs);
  await new Promise<void>((resolve) => server.close(() => resolve()));
  clearTimeout(cut);
}
