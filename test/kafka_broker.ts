/**
 * A real Kafka broker for the tests, from the first of: KAFKA_BROKERS (a list of host:port); a container, where Docker
 * answers and has the image; Apache Kafka from Maven's jars, started here (KRaft, one node). Where none of them can be
 * had the tests skip, and say why. Jars are kept in ~/.cache/tidewatch, everything else is removed at the end.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createWriteStream, existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Kafka, logLevel } from 'kafkajs';

const run = promisify(execFile);
export const KAFKA_VERSION = '3.9.1';
export const KAFKA_IMAGE = process.env['KAFKA_IMAGE'] ?? 'confluentinc/cp-kafka:7.6.1';
export const SASL_USER = { username: 'tide', password: 'ebb-and-flow' };
const JAVA = process.env['JAVA_HOME'] === undefined ? 'java' : join(process.env['JAVA_HOME'], 'bin', 'java');
const UP_WITHIN_MS = 120_000;

export interface KafkaBroker {
  /** What serves: shown in the test's output. */
  readonly kind: string;
  readonly brokers: string[];
  /** A listener that asks for SASL PLAIN (SASL_USER), where the broker has one. */
  readonly saslBrokers?: string[];
  /** Kills the broker without warning; undefined where it is not ours to kill. */
  readonly kill?: () => Promise<void>;
  /** Starts it again on the same address and data. */
  readonly start?: () => Promise<void>;
  stop(): Promise<void>;
}

export type BrokerOrReason = KafkaBroker | { readonly missing: string };

/** Starts, or finds, a broker. Never throws for want of one: `missing` says what there was not. */
export async function startKafkaBroker(): Promise<BrokerOrReason> {
  const given = process.env['KAFKA_BROKERS'];
  if (given !== undefined && given !== '') {
    const brokers = given.split(',');
    await answers(brokers);
    return { kind: `KAFKA_BROKERS ${given}`, brokers, stop: () => Promise.resolve() };
  }
  const container = await startContainer();
  if (!('missing' in container)) return container;
  const java = await startFromMaven();
  if (!('missing' in java)) return java;
  return { missing: `no KAFKA_BROKERS; ${container.missing}; ${java.missing}` };
}

/** Waits until the cluster describes itself: an open port is too early. */
async function answers(brokers: string[], patience = UP_WITHIN_MS, alive: () => boolean = () => true): Promise<void> {
  const admin = new Kafka({
    brokers,
    logLevel: logLevel.NOTHING,
    connectionTimeout: 5000,
    retry: { retries: 0 },
  }).admin();
  const deadline = performance.now() + patience;
  try {
    for (;;) {
      try {
        await admin.connect();
        const { brokers: found } = await admin.describeCluster();
        if (found.length > 0) return;
      } catch (error) {
        if (performance.now() > deadline || !alive()) throw error;
      }
      await wait(300);
    }
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}

async function startContainer(): Promise<BrokerOrReason> {
  try {
    await run('docker', ['image', 'inspect', KAFKA_IMAGE], { timeout: 10_000 });
  } catch {
    return { missing: `Docker does not answer or has no image ${KAFKA_IMAGE}` };
  }
  const { KafkaContainer } = await import('@testcontainers/kafka');
  const container = await new KafkaContainer(KAFKA_IMAGE)
    .withKraft()
    .withEnvironment({
      KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
      KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
      KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
      KAFKA_GROUP_MIN_SESSION_TIMEOUT_MS: '1000',
      KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
    })
    .start();
  const brokers = [`${container.getHost()}:${container.getMappedPort(9093)}`];
  await answers(brokers);
  return {
    kind: `container ${KAFKA_IMAGE}`,
    brokers,
    async stop() {
      await container.stop();
    },
  };
}

/** The jars of one Kafka release; fetched once by Maven. */
async function kafkaJars(): Promise<string | { missing: string }> {
  const folder = join(homedir(), '.cache', 'tidewatch', `kafka-${KAFKA_VERSION}`);
  if (existsSync(folder) && (await readdir(folder)).length > 0) return folder;
  const work = await mkdtemp(join(tmpdir(), 'tidewatch-kafka-jars-'));
  const dependency = (group: string, artifact: string, version: string): string =>
    `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`;
  await writeFile(
    join(work, 'pom.xml'),
    `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>tidewatch.test</groupId><artifactId>kafka</artifactId><version>1</version><packaging>pom</packaging><dependencies>
${dependency('org.apache.kafka', 'kafka_2.13', KAFKA_VERSION)}${dependency('org.slf4j', 'slf4j-simple', '1.7.36')}
</dependencies></project>`,
  );
  try {
    const goal = ['dependency:copy-dependencies', `-DoutputDirectory=${join(work, 'jars')}`, '-DincludeScope=runtime'];
    await run('mvn', ['-B', '-q', '-f', join(work, 'pom.xml'), ...goal], { timeout: 300_000 });
    await mkdir(join(folder, '..'), { recursive: true });
    // Another test may have been faster: its jars are as good.
    await rename(join(work, 'jars'), folder).catch(() => undefined);
    return folder;
  } catch (error) {
    return { missing: `Maven cannot fetch Kafka ${KAFKA_VERSION} (${firstLine(error)})` };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function startFromMaven(): Promise<BrokerOrReason> {
  try {
    await run(JAVA, ['-version'], { timeout: 30_000 });
  } catch {
    return { missing: 'no Java' };
  }
  const jars = await kafkaJars();
  if (typeof jars !== 'string') return jars;
  const folder = await mkdtemp(join(tmpdir(), 'tidewatch-kafka-'));
  const [port, controller, sasl] = [await freePort(), await freePort(), await freePort()];
  const brokers = [`127.0.0.1:${port}`];
  const properties = join(folder, 'server.properties');
  const java = ['-Xmx512m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-cp', join(jars, '*')];
  const quiet = '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn';
  await writeFile(properties, serverProperties(folder, { port, controller, sasl }));
  await run(JAVA, [...java, 'kafka.tools.StorageTool', 'format', '-t', clusterId(), '-c', properties], {
    timeout: UP_WITHIN_MS,
  });
  let process_: ChildProcess | undefined;
  const exit = (): void => void process_?.kill('SIGKILL');
  process.once('exit', exit);

  async function start(): Promise<void> {
    const output = createWriteStream(join(folder, 'broker.log'), { flags: 'a' });
    const child = spawn(JAVA, [...java, quiet, 'kafka.Kafka', properties], { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.pipe(output);
    child.stderr.pipe(output);
    process_ = child;
    try {
      await answers(brokers, UP_WITHIN_MS, () => child.exitCode === null);
    } catch (error) {
      const said = await readFile(join(folder, 'broker.log'), 'utf8').catch(() => '');
      throw new Error(`Kafka did not come up: ${said.slice(-2000)}`, { cause: error });
    }
  }
  async function kill(): Promise<void> {
    const child = process_;
    process_ = undefined;
    if (child === undefined || child.exitCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  }
  await start();
  return {
    kind: `Apache Kafka ${KAFKA_VERSION} from Maven's jars at ${brokers.join()}`,
    brokers,
    saslBrokers: [`127.0.0.1:${sasl}`],
    kill,
    start,
    async stop() {
      process.off('exit', exit);
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function serverProperties(folder: string, ports: { port: number; controller: number; sasl: number }): string {
  const { port, controller, sasl } = ports;
  const { username, password } = SASL_USER;
  return `process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${controller}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:${port},SASL://127.0.0.1:${sasl},CONTROLLER://127.0.0.1:${controller}
advertised.listeners=PLAINTEXT://127.0.0.1:${port},SASL://127.0.0.1:${sasl}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SASL:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
listener.name.sasl.sasl.enabled.mechanisms=PLAIN
listener.name.sasl.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_${username}="${password}";
log.dirs=${join(folder, 'data')}
num.partitions=1
offsets.topic.num.partitions=4
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
auto.create.topics.enable=false
log.cleaner.enable=false
num.network.threads=2
num.io.threads=4
`;
}

/** A KRaft cluster id: 16 bytes in URL-safe base64. */
function clusterId(): string {
  return Buffer.from(randomUUID().replaceAll('-', ''), 'hex').toString('base64url');
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}
