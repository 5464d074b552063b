/** Who is told: a webhook receiver that keeps every notification's id and items, repetitions too. */
import { createServer } from 'node:http';
import type { Told } from './verdict.ts';

export interface Receiver {
  readonly url: string;
  readonly told: readonly Told[];
  close(): Promise<void>;
}

export async function openReceiver(): Promise<Receiver> {
  const told: Told[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('error', () => undefined);
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(chunks).toString()) as { notification: { items: string[] } };
      told.push({ id: String(request.headers['webhook-id']), items: body.notification.items });
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}/hook`,
    told,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
