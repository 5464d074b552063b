/** A real local receiver of signed webhooks: verifies each by the Standard Webhooks library and keeps the alert. */
import { createServer, type Server } from 'node:http';
import { Webhook } from 'standardwebhooks';
import type { Alert } from '../../core/event.ts';

export interface Receiver {
  readonly url: string;
  readonly received: { id: string; alert: Alert }[];
  readonly refused: string[];
  close(): Promise<void>;
}

export async function openReceiver(secret: string): Promise<Receiver> {
  const received: { id: string; alert: Alert }[] = [];
  const refused: string[] = [];
  const verifier = new Webhook(secret);
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      try {
        const alert = verifier.verify(body, request.headers as Record<string, string>) as Alert;
        received.push({ id: String(request.headers['webhook-id']), alert });
        response.writeHead(204).end();
      } catch (error) {
        refused.push(String(error));
        response.writeHead(401).end();
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}/hook`,
    received,
    refused,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
