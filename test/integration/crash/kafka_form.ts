/**
 * The distributed form: Kafka (a real broker from Maven's jars), a store process, one ingest, two classifiers, one
 * alerting process and the page's. Each stage reaches the broker by a listener of its own behind a proxy, so that the network of one can
 * fail while the others' works; the store and the model are behind proxies too.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Kafka, logLevel } from 'kafkajs';
import { systemClock } from '../../../core/clock.ts';
import { createLogger } from '../../../core/log.ts';
import { kafkaStreamSettings, openKafkaStream } from '../../../core/stream/kafka.ts';
import { TOPICS } from '../../../core/stream/stream.ts';
import { startMavenBroker, type MavenBroker } from '../../kafka_maven.ts';
import { readContents, type Ask } from './contents.ts';
import { openDisk, type Disk } from './disk.ts';
import { cutting, filling, killing, killingBoth } from './faults.ts';
import type { Fault, Form, FormOptions } from './form.ts';
import { watchlist } from './load.ts';
import { createProgram, type Program } from './program.ts';
import { openProxy, type Proxy } from './proxy.ts';
import { settingsText } from './settings.ts';
import { freePort } from '../../free_port.ts';

const STORE_PROCESS = fileURLToPath(new URL('./store_process.ts', import.meta.url));
const STAGES = ['ingest', 'classifier', 'alerting', 'dashboards'] as const;
const PREFIX = 'crash.';

export async function openKafkaForm(options: FormOptions, cli: string): Promise<Form | { readonly missing: string }> {
  const { folder } = options;
  mkdirSync(folder, { recursive: true });
  const brokerDisk = openDisk(600, join(folder, 'broker'));
  const ways: Record<string, { readonly proxy: Proxy; readonly listener: number }> = {};
  for (const stage of STAGES) {
    const listener = await freePort();
    ways[stage] = { listener, proxy: await openProxy(() => listener) };
  }
  const broker = await startMavenBroker({
    dataFolder: join(brokerDisk.folder, 'data'),
    listeners: Object.entries(ways).map(([stage, { proxy, listener }]) => ({
      name: stage.toUpperCase(),
      port: listener,
      advertised: proxy.port,
    })),
  });
  if ('missing' in broker) return broker;
  const storeDisk = openDisk(900, join(folder, 'store'));
  const storeArgs = ['--import', 'tsx', STORE_PROCESS, join(storeDisk.folder, 'data')];
  const storeProgram = createProgram('the store', storeArgs, join(folder, 'store.log'));
  const storePort = (): number => Number(/:(\d+)/.exec(storeProgram.said())?.[1] ?? 1);
  const store = await openProxy(storePort);
  const model = await openProxy(() => options.modelPort);
  storeProgram.start();
  while (storePort() === 1) await wait(50);

  const ports = { tide: await freePort(), bulk: await freePort(), page: await freePort() };
  const watched = join(folder, 'watchlist.yaml');
  writeFileSync(watched, watchlist());
  const stageDisks = new Map(STAGES.map((stage) => [stage, openDisk(64, join(folder, `${stage}-data`))] as const));
  function program(stage: (typeof STAGES)[number], name: string): Program {
    const config = join(folder, `${name}.yaml`);
    const streamSettings = {
      type: 'kafka',
      brokers: [`127.0.0.1:${ways[stage]?.proxy.port}`],
      topic_prefix: PREFIX,
      partitions: 4,
      session_timeout_ms: 6000,
      stall_restart_secs: 15,
    };
    writeFileSync(
      config,
      settingsText({
        stream: streamSettings,
        store: { type: 'clickhouse', url: `http://127.0.0.1:${store.port}` },
        watchlist: watched,
        ports,
        modelPort: model.port,
        webhook: { url: options.webhookUrl, secret: options.secret },
      }),
    );
    const data = join(stageDisks.get(stage)?.folder ?? folder, name);
    return createProgram(
      name,
      [cli, 'up', '--role', stage, '--config', config, '--data', data],
      join(folder, `${name}.log`),
    );
  }
  const ingest = program('ingest', 'ingest');
  const classifiers = [program('classifier', 'classifier-1'), program('classifier', 'classifier-2')] as const;
  const alerting = program('alerting', 'alerting');
  const dashboards = program('dashboards', 'dashboards');
  const stages = [dashboards, alerting, ...classifiers, ingest];

  const log = createLogger({ level: 'silent', format: 'json' });
  const own = kafkaStreamSettings.parse({ brokers: broker.brokers, topic_prefix: PREFIX, partitions: 4 });
  const stream = await openKafkaStream(own, { clock: systemClock, log });
  const groups = [
    [TOPICS.documents, 'classifier'],
    [TOPICS.opinions, 'alerting'],
  ] as const;
  for (const [topic, group] of groups) await stream.createGroup(topic, group);
  for (const stage of stages) stage.start();
  const junk = new Map<string, number>();

  const ask: Ask = async <Row>(sql: string) => {
    const answer = await fetch(`http://127.0.0.1:${storePort()}/?database=tidewatch`, {
      method: 'POST',
      body: `${sql} FORMAT JSONEachRow`,
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(text);
    return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Row]));
  };
  const network = STAGES.flatMap((stage) => {
    const proxy = ways[stage]?.proxy;
    return proxy === undefined ? [] : cutting(`${stage} to Kafka`, proxy, 9000);
  });

  return {
    name: 'kafka',
    kind: `${broker.kind}; store: chdb behind ClickHouse's HTTP interface, a process of its own`,
    tideUrl: `http://127.0.0.1:${ports.tide}/documents`,
    bulkUrl: `http://127.0.0.1:${ports.bulk}/documents`,
    pageUrl: `http://127.0.0.1:${ports.page}`,
    faults: [
      ...[ingest, ...classifiers, alerting, storeProgram].flatMap((one) => [killing(one), killing(one)]),
      killing(dashboards),
      killingBoth(classifiers[0], classifiers[1]),
      killingBoth(alerting, storeProgram),
      killingBoth(ingest, classifiers[1]),
      killingBroker(broker),
      killingBroker(broker),
      killingBroker(broker),
      ...network,
      ...cutting('the store', store, 4000),
      ...cutting('the model', model, 4000),
      away(storeProgram, options.awayMs),
      ...[...stageDisks].flatMap(([stage, disk]) => (stage === 'classifier' ? [] : filling(stage, disk))),
      ...filling('the store', storeDisk),
      fillingBroker(broker, brokerDisk),
      poisoning(broker, junk),
      poisoning(broker, junk),
    ],
    async waiting() {
      let count = 0;
      for (const [topic, group] of groups) count += (await stream.lag(topic, group)).messages;
      return count;
    },
    junk: () => junk,
    deaths: () => new Map([...stages, storeProgram].map((one) => [one.name, one.deaths()])),
    async finish() {
      for (const stage of stages.toReversed()) await stage.stop();
      return readContents(stream, ask);
    },
    async close() {
      for (const one of [...stages, storeProgram]) await one.kill();
      await stream.close();
      await broker.stop();
      for (const proxy of [store, model, ...Object.values(ways).map((way) => way.proxy)]) await proxy.close();
      for (const disk of [brokerDisk, storeDisk, ...stageDisks.values()]) disk.remove();
    },
  };
}

function killingBroker(broker: MavenBroker): Fault {
  return {
    name: 'kill -9 the broker',
    async run(chance) {
      const downMs = chance.between(0, 4000);
      await broker.kill();
      await wait(downMs);
      await broker.start();
      return `down for ${downMs} ms`;
    },
  };
}

/** Kafka's broker gives up when its only disk is full: it is started again when there is room. */
function fillingBroker(broker: MavenBroker, disk: Disk): Fault {
  return {
    name: 'disk of the broker full',
    ...(disk.missing && { missing: disk.missing }),
    async run(chance) {
      const forMs = chance.between(2000, 6000);
      disk.fill();
      await wait(forMs);
      const died = !broker.isAlive();
      await broker.kill();
      disk.empty();
      await broker.start();
      return `for ${forMs} ms; the broker ${died ? 'ended by itself' : 'went on'}, and was restarted`;
    },
  };
}

/** Away for minutes, in the scale of this test. */
function away(store: Program, forMs: number): Fault {
  return {
    name: 'the store away',
    async run() {
      await store.kill();
      await wait(forMs);
      store.start();
      return `for ${forMs} ms`;
    },
  };
}

/** Things that are no documents and no opinions, put into the topics by somebody else. */
function poisoning(broker: MavenBroker, junk: Map<string, number>): Fault {
  const values = ['not JSON', '{"schema_version":1,"id":""}', '[1,2,3]', '{"document":null}', ''];
  return {
    name: 'poison in the topics',
    async run(chance) {
      const producer = new Kafka({ brokers: broker.brokers, logLevel: logLevel.NOTHING }).producer({
        idempotent: true,
      });
      await producer.connect();
      for (const topic of [TOPICS.documents, TOPICS.opinions]) {
        const count = chance.between(1, 4);
        const messages = Array.from({ length: count }, () => ({
          key: `junk ${chance.between(0, 9)}`,
          value: chance.pick(values),
        }));
        await producer.send({ topic: `${PREFIX}${topic}`, acks: -1, messages });
        const name = `${topic}.dead input.invalid`;
        junk.set(name, (junk.get(name) ?? 0) + count);
      }
      await producer.disconnect();
      return `${[...junk].map(([name, count]) => `${count} ${name}`).join(', ')} so far`;
    },
  };
}
