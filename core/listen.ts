/** A server starts to listen, or says plainly why it cannot. */
import type { Server } from 'node:http';
import { TidewatchError } from './errors.ts';

/** @throws TidewatchError server.port_taken (in use, or not open to this user), config.invalid; both with `hint` */
export function listen(server: Server, host: string, port: number, hint: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EADDRINUSE' || error.code === 'EACCES';
      const code = taken ? 'server.port_taken' : 'config.invalid';
      reject(new TidewatchError(code, `Cannot listen on ${host}:${port}: ${error.message}`, { cause: error, hint }));
    });
    server.listen(port, host.replace(/^\[|\]$/g, ''), () => resolve());
  });
}
