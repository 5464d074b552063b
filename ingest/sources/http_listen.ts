/** Listening on a port that may be taken for a while, and closing without cutting off who is being answered. */
import type { Server } from 'node:http';
import type { Context } from '../../core/component.ts';
import { TidewatchError } from '../../core/errors.ts';
import { finishListening } from '../../core/listen.ts';
import { doorUrl, type TlsSettings } from '../../core/tls.ts';
import type { ConditionKeeper } from '../condition.ts';

const PORT_RETRY_MS = 15_000;

/** Listens; a taken port is said once and tried again until it is free. Null when the signal aborts first. */
export async function listenPatiently(
  server: Server,
  { host, port, tls }: { readonly host: string; readonly port: number; readonly tls?: TlsSettings | undefined },
  context: Context,
  condition: ConditionKeeper,
): Promise<string | null> {
  while (!context.signal.aborted) {
    try {
      const taken = await listen(server, host, port);
      condition.succeeded();
      const address = doorUrl(tls, host, taken);
      context.log.info(`${context.name}: takes documents at ${address}/documents`);
      return address;
    } catch (error) {
      const failure = asListenError(error, host, port);
      context.metrics.stage('ingest').error(failure.code);
      condition.failed(failure, context.clock.now() + PORT_RETRY_MS);
      await context.clock.sleep(PORT_RETRY_MS, context.signal).catch(() => undefined);
    }
  }
  return null;
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

function asListenError(thrown: unknown, host: string, port: number): TidewatchError {
  const error = thrown as NodeJS.ErrnoException;
  const isTaken = error.code === 'EADDRINUSE';
  return new TidewatchError(
    isTaken ? 'server.port_taken' : 'config.invalid',
    isTaken ? `${host}:${port} is in use by another program` : `Cannot listen on ${host}:${port}: ${error.message}`,
    { cause: thrown, hint: 'Stop the other program, or give this source another port.' },
  );
}

/** Answers what is being answered, for at most a second; then cuts. */
export const closeServer = (server: Server): Promise<void> => finishListening(server, 1000);
