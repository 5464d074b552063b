/**
 * The child of the kill -9 tests: runs the stage over a data folder until nothing waits, then prints what the stream
 * and the store hold. With a point, it kills itself there at the third delivery, as a power cut would.
 */
import { join } from 'node:path';
import { createClassifier } from '../../classifier/classifier.ts';
import { createBackend } from '../../classifier/registry.ts';
import { classifierSettings } from '../../classifier/settings.ts';
import type { Opinion } from '../../core/event.ts';
import { openStore } from '../../core/store/registry.ts';
import type { Store } from '../../core/store/store.ts';
import { embeddedStreamSettings, openEmbeddedStream } from '../../core/stream/embedded.ts';
import { TOPICS, type Stream } from '../../core/stream/stream.ts';
import { aContext } from './context.ts';
import { aReport, CHILD_DOCUMENTS } from './reports.ts';

const [folder = '', model = '', point = ''] = process.argv.slice(2);
const context = aContext();
const stream = await openEmbeddedStream(embeddedStreamSettings.parse({}), {
  ...context,
  folder: join(folder, 'stream'),
});
const store = await openStore({ type: 'chdb' }, { folder: join(folder, 'store'), log: context.log });
await store.migrate();
await stream.createGroup(TOPICS.opinions, 'reader');
if ((await stream.lag(TOPICS.documents, 'classifier')).messages === 0 && point !== '') {
  await stream.createGroup(TOPICS.documents, 'classifier');
  const documents = Array.from({ length: CHILD_DOCUMENTS }, (_, index) => aReport(index));
  await stream.append(
    TOPICS.documents,
    documents.map((value) => ({ key: value.id, value })),
  );
}

let reached = 0;
function dieAt(here: string): void {
  if (here !== point) return;
  reached += 1;
  if (reached === 3) process.kill(process.pid, 'SIGKILL');
}
const dyingStore: Store = {
  ...store,
  async insert(table, rows, token) {
    await store.insert(table, rows, token);
    dieAt(`after ${table}`);
  },
};
const dyingStream: Stream = {
  ...stream,
  async *subscribe<Value>(...parameters: Parameters<Stream['subscribe']>) {
    for await (const delivery of stream.subscribe<Value>(...parameters)) {
      yield {
        messages: delivery.messages,
        async acknowledge(outputs) {
          await delivery.acknowledge(outputs);
          dieAt('after acknowledge');
        },
      };
    }
  },
};

const settings = classifierSettings.parse({ backend: { type: 'onnx', model, threads: 1 }, max_batch_documents: 20 });
const backend = await createBackend(settings, context);
const stage = createClassifier(settings, { ...context, stream: dyingStream, store: dyingStore, backend });
await stage.start();
while ((await stream.lag(TOPICS.documents, 'classifier')).messages > 0) await context.clock.sleep(20);
await stage.stop();
await backend.close();

const handedOn: string[] = [];
const stop = new AbortController();
for await (const { messages } of stream.subscribe<Opinion>(TOPICS.opinions, 'reader', {
  maxMessages: 10_000,
  maxWaitMs: 0,
  signal: stop.signal,
})) {
  handedOn.push(...messages.map(({ value }) => value.document.id));
  stop.abort();
}
const [row] = await store.query<{ documents: number; opinions: number }>(
  `SELECT (SELECT count() FROM documents) AS documents, (SELECT count() FROM opinions) AS opinions`,
);
process.stdout.write(JSON.stringify({ handedOn, ...row }));
await stream.close();
await store.close();
