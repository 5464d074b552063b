/**
 * A TCP proxy whose network can fail: cut (connections die, new ones are refused), silent (connections stay open and carry
 * nothing, as behind a firewall that lost its table), slow (each piece comes late). What toxiproxy does, in the few lines
 * that these tests need. The target may move: it is asked for at each connection.
 */
import { connect, createServer, type Socket } from 'node:net';

export interface Proxy {
  readonly port: number;
  cut(): void;
  silence(): void;
  slow(delayMs: number): void;
  /** As if nothing had been; silent connections die, since their other ends have given up. */
  mend(): void;
  close(): Promise<void>;
}

export async function openProxy(target: () => number, port = 0): Promise<Proxy> {
  const pairs = new Set<readonly [Socket, Socket]>();
  let state: 'open' | 'cut' | 'silent' = 'open';
  let delayMs = 0;

  function forward(from: Socket, to: Socket): void {
    from.on('data', (piece: Buffer) => {
      if (state === 'silent') return;
      if (delayMs === 0) {
        if (!to.write(piece)) {
          from.pause();
          to.once('drain', () => from.resume());
        }
        return;
      }
      from.pause();
      setTimeout(() => {
        if (state !== 'silent') to.write(piece);
        from.resume();
      }, delayMs);
    });
    from.on('end', () => setTimeout(() => to.end(), delayMs));
  }

  const server = createServer((inward) => {
    if (state === 'cut') {
      inward.destroy();
      return;
    }
    const outward = connect(target(), '127.0.0.1');
    const pair = [inward, outward] as const;
    pairs.add(pair);
    const end = (): void => {
      pairs.delete(pair);
      inward.destroy();
      outward.destroy();
    };
    for (const socket of pair) socket.setNoDelay(true).on('error', end).on('close', end);
    forward(inward, outward);
    forward(outward, inward);
  });
  const drop = (): void => {
    for (const pair of pairs) for (const socket of pair) socket.destroy();
  };
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    cut() {
      state = 'cut';
      drop();
    },
    silence() {
      state = 'silent';
    },
    slow(ms) {
      delayMs = ms;
    },
    mend() {
      if (state === 'silent') drop();
      state = 'open';
      delayMs = 0;
    },
    async close() {
      state = 'cut';
      drop();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
