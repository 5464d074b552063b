/**
 * A process that runs the alerting stage over the simulated feed and kills itself at the CRASH_AT-th durable step (before
 * or after a transaction, an insert or an acknowledgement). Without CRASH_AT it goes on to the end and prints what the
 * store and the queue then hold. Arguments: folder, address of the webhook receiver, secret.
 */
import { join } from 'node:path';
import type { State } from '../../core/state/state.ts';
import { openStore } from '../../core/store/registry.ts';
import type { Store } from '../../core/store/store.ts';
import { TOPICS, type Stream } from '../../core/stream/stream.ts';
import { quietLog } from './alerts.ts';
import { simulatedFeed } from './opinions.ts';
import { openStage } from './stage.ts';

const [folder = '', url = '', secret = ''] = process.argv.slice(2);
let stepsLeft = Number(process.env['CRASH_AT'] ?? Infinity);

function step(): void {
  stepsLeft -= 1;
  if (stepsLeft === 0) process.kill(process.pid, 'SIGKILL');
}

async function between<Result>(work: () => Promise<Result>): Promise<Result> {
  step();
  const result = await work();
  step();
  return result;
}

const store = await openStore({ type: 'chdb' }, { folder: join(folder, 'store'), log: quietLog });
await store.migrate();
const steppingStore: Store = { ...store, insert: (...given) => between(() => store.insert(...given)) };
const stage = await openStage(folder, steppingStore, {
  settings: { notifiers: [{ type: 'webhook', url, secret }] },
  around: {
    state: (state): State => ({ ...state, transaction: (work) => between(() => state.transaction(work)) }),
    stream: (stream): Stream => ({
      ...stream,
      async *subscribe<Value>(...given: Parameters<Stream['subscribe']>) {
        for await (const delivery of stream.subscribe<Value>(...given)) {
          yield { ...delivery, acknowledge: (outputs) => between(() => delivery.acknowledge(outputs)) };
        }
      },
    }),
  },
});

const feed = simulatedFeed({ seed: 11 });
const appended = stage.state.table<number>('test.appended');
await stage.alerting.start();
for (let start = appended.get('count') ?? 0; start < feed.length; start += 40) {
  // A crash between these two lines appends a piece twice, as a producer that tries again would.
  await stage.stream.append(
    TOPICS.opinions,
    feed.slice(start, start + 40).map((value) => ({ key: value.document.id, value })),
  );
  await appended.put('count', start + 40);
  await stage.drained();
}
await stage.alerting.flush();
while (stage.state.table('notify.queue').count() > 0) await new Promise((resolve) => setTimeout(resolve, 20));
const alerts = await store.query<{ body: string }>('SELECT body FROM alerts ORDER BY at, alert_id, revision');
const findings = await store.query<{ count: number }>('SELECT count() AS count FROM findings');
await stage.close();
await store.close();
process.stdout.write(
  JSON.stringify({ alerts: alerts.map(({ body }) => JSON.parse(body) as object), findings: findings[0]?.count }),
);
