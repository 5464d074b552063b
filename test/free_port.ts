import { createServer } from 'node:net';

const given = new Set<number>();

/**
 * A port that is free now. Below the range from which the system gives ports to outgoing connections, and each worker of
 * the test runner takes from a slice of its own: between the asking and the listening nobody else comes in. Never the same one twice,
 * since who asks for several listens at none of them yet.
 */
export async function freePort(): Promise<number> {
  const slice = 18_000 + (Number(process.env['VITEST_POOL_ID'] ?? 0) % 8) * 1_500;
  for (;;) {
    const port = slice + Math.floor(Math.random() * 1_500);
    if (given.has(port)) continue;
    given.add(port);
    const server = createServer();
    const free = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => resolve(true));
    });
    await new Promise((resolve) => server.close(resolve));
    if (free) return port;
  }
}
