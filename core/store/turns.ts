/**
 * One statement at a time. The embedded engine serialises statements anyway, and concurrent ones with parameters have
 * aborted it; its session also keeps settings between statements. Writes go first, because a waiting write holds the
 * whole pipeline, but after a few of them a waiting read gets its turn, so that a page never starves under load.
 */
export type Turn = 'write' | 'read';
export type TakeTurn = <Result>(turn: Turn, task: () => Promise<Result>) => Promise<Result>;

const WRITES_IN_A_ROW = 3;

/** For an engine that takes statements concurrently (a server). */
export const allAtOnce: TakeTurn = (_, task) => task();

export function createTurns(): TakeTurn & { idle(): Promise<void> } {
  const queues: Record<Turn, (() => Promise<void>)[]> = { write: [], read: [] };
  let writesInARow = 0;
  let draining: Promise<void> | undefined;

  function next(): (() => Promise<void>) | undefined {
    const readIsDue = queues.read.length > 0 && (queues.write.length === 0 || writesInARow >= WRITES_IN_A_ROW);
    writesInARow = readIsDue ? 0 : writesInARow + 1;
    return readIsDue ? queues.read.shift() : queues.write.shift();
  }

  async function drain(): Promise<void> {
    for (let run = next(); run !== undefined; run = next()) await run();
    draining = undefined;
  }

  const take: TakeTurn = (turn, task) =>
    new Promise((resolve, reject) => {
      queues[turn].push(() => task().then(resolve, reject));
      draining ??= Promise.resolve().then(drain);
    });

  return Object.assign(take, {
    async idle() {
      await draining;
    },
  });
}
