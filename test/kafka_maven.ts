/**
 * Apache Kafka from Maven's jars as a child process (KRaft, one node): a real broker on any machine with Java and Maven.
 * Jars are kept in ~/.cache/tidewatch, everything else is removed at the end. It can be killed, started again on its data,
 * kept on a disk of its own, reached through a proxy (a listener that advertises the proxy's port), and secured.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createWriteStream, existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { answers, UP_WITHIN_MS } from './kafka_answers.ts';
import { makeCertificates, type Certificates } from './kafka_certificates.ts';
import { freePort } from './free_port.ts';

const run = promisify(execFile);
export const KAFKA_VERSION = process.env['KAFKA_VERSION'] ?? '3.9.1';
export const KAFKA_USER = { username: 'tide', password: 'ebb-and-flow' };
const JAVA = process.env['JAVA_HOME'] === undefined ? 'java' : join(process.env['JAVA_HOME'], 'bin', 'java');

/** A further listener: clients that come in by it are sent to `advertised`, where a proxy may stand. */
export interface ExtraListener {
  readonly name: string;
  readonly port: number;
  readonly advertised: number;
}

export interface MavenBrokerOptions {
  /** Its data; a temporary folder, removed at the end, without it. */
  readonly dataFolder?: string;
  readonly listeners?: readonly ExtraListener[];
  /** Listeners with TLS: one with SASL, one with client certificates. Needs openssl. */
  readonly secure?: boolean;
  /** JVM heap. */
  readonly heapMb?: number;
}

export interface SecureListeners {
  /** TLS and SASL: PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, as KAFKA_USER. */
  readonly sasl: string[];
  /** TLS with a client's certificate. */
  readonly mutual: string[];
  readonly certificates: Certificates;
}

export interface MavenBroker {
  readonly kind: string;
  readonly brokers: string[];
  readonly secure: SecureListeners | undefined;
  isAlive(): boolean;
  /** Of the process, while it is alive. */
  pid(): number | undefined;
  kill(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Formats the data folder and starts the broker. `missing` says what there is not. */
export async function startMavenBroker(
  options: MavenBrokerOptions = {},
): Promise<MavenBroker | { readonly missing: string }> {
  try {
    await run(JAVA, ['-version'], { timeout: 30_000 });
  } catch {
    return { missing: 'no Java' };
  }
  const jars = await kafkaJars();
  if (typeof jars !== 'string') return jars;
  const folder = await mkdtemp(join(tmpdir(), 'tidewatch-kafka-'));
  const [port, controller, sasl, mutual] = [await freePort(), await freePort(), await freePort(), await freePort()];
  const brokers = [`127.0.0.1:${port}`];
  const properties = join(folder, 'server.properties');
  const certificates = options.secure === true ? await makeCertificates(folder) : undefined;
  const secure =
    certificates === undefined
      ? undefined
      : { sasl: [`127.0.0.1:${sasl}`], mutual: [`127.0.0.1:${mutual}`], certificates };
  const java = [`-Xmx${options.heapMb ?? 512}m`, '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-cp', join(jars, '*')];
  const quiet = '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn';
  await writeFile(
    properties,
    [
      ...plainProperties(options.dataFolder ?? join(folder, 'data')),
      ...listenerProperties({ port, controller }, options.listeners ?? [], certificates && { sasl, mutual }),
      ...(certificates === undefined ? [] : securityProperties(certificates)),
    ].join('\n'),
  );
  const { username, password } = KAFKA_USER;
  const users = ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) => [
    '--add-scram',
    `${mechanism}=[name=${username},password=${password}]`,
  ]);
  const format = [...java, quiet, 'kafka.tools.StorageTool', 'format', '-t', clusterId(), '-c', properties];
  await run(JAVA, [...format, ...(secure === undefined ? [] : users)], { timeout: UP_WITHIN_MS });
  let running: ChildProcess | undefined;
  const exit = (): void => void running?.kill('SIGKILL');
  process.once('exit', exit);

  const isAlive = (): boolean => running !== undefined && running.exitCode === null && running.signalCode === null;

  async function start(): Promise<void> {
    const output = createWriteStream(join(folder, 'broker.log'), { flags: 'a' });
    const child = spawn(JAVA, [...java, quiet, 'kafka.Kafka', properties], { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.pipe(output);
    child.stderr.pipe(output);
    running = child;
    try {
      await answers(brokers, UP_WITHIN_MS, () => child.exitCode === null);
    } catch (error) {
      const said = await readFile(join(folder, 'broker.log'), 'utf8').catch(() => '');
      throw new Error(`Kafka did not come up: ${said.slice(-2000)}`, { cause: error });
    }
  }
  async function kill(): Promise<void> {
    const child = running;
    if (child === undefined || !isAlive()) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  }
  await start();
  return {
    kind: `Apache Kafka ${KAFKA_VERSION} from Maven's jars at ${brokers.join()}`,
    brokers,
    secure,
    isAlive,
    pid: () => (isAlive() ? running?.pid : undefined),
    kill,
    start,
    async stop() {
      process.off('exit', exit);
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function plainProperties(data: string): string[] {
  return [
    'process.roles=broker,controller',
    'node.id=1',
    `log.dirs=${data}`,
    'num.partitions=1',
    'offsets.topic.num.partitions=4',
    'offsets.topic.replication.factor=1',
    'transaction.state.log.num.partitions=4',
    'transaction.state.log.replication.factor=1',
    'transaction.state.log.min.isr=1',
    'group.initial.rebalance.delay.ms=0',
    'group.min.session.timeout.ms=1000',
    'auto.create.topics.enable=false',
    'log.cleaner.enable=false',
    'num.network.threads=2',
    'num.io.threads=4',
  ];
}

function listenerProperties(
  { port, controller }: { port: number; controller: number },
  extra: readonly ExtraListener[],
  secured: { sasl: number; mutual: number } | undefined,
): string[] {
  const all = [
    { name: 'PLAIN', protocol: 'PLAINTEXT', port, advertised: port },
    ...extra.map((listener) => ({ ...listener, protocol: 'PLAINTEXT' })),
    ...(secured === undefined
      ? []
      : [
          { name: 'SASL', protocol: 'SASL_SSL', port: secured.sasl, advertised: secured.sasl },
          { name: 'MUTUAL', protocol: 'SSL', port: secured.mutual, advertised: secured.mutual },
        ]),
  ];
  return [
    `controller.quorum.voters=1@127.0.0.1:${controller}`,
    'controller.listener.names=CONTROLLER',
    'inter.broker.listener.name=PLAIN',
    `listeners=${[...all.map((one) => `${one.name}://127.0.0.1:${one.port}`), `CONTROLLER://127.0.0.1:${controller}`].join()}`,
    `advertised.listeners=${all.map((one) => `${one.name}://127.0.0.1:${one.advertised}`).join()}`,
    `listener.security.protocol.map=${['CONTROLLER:PLAINTEXT', ...all.map((one) => `${one.name}:${one.protocol}`)].join()}`,
  ];
}

function securityProperties({ authority, brokerStore }: Certificates): string[] {
  const { username, password } = KAFKA_USER;
  const login = 'org.apache.kafka.common.security';
  const scram = `${login}.scram.ScramLoginModule required;`;
  return [
    ...['sasl', 'mutual'].flatMap((name) => [
      `listener.name.${name}.ssl.keystore.type=PEM`,
      `listener.name.${name}.ssl.keystore.location=${brokerStore}`,
      `listener.name.${name}.ssl.truststore.type=PEM`,
      `listener.name.${name}.ssl.truststore.location=${authority}`,
    ]),
    'listener.name.mutual.ssl.client.auth=required',
    'listener.name.sasl.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
    `listener.name.sasl.plain.sasl.jaas.config=${login}.plain.PlainLoginModule required user_${username}="${password}";`,
    `listener.name.sasl.scram-sha-256.sasl.jaas.config=${scram}`,
    `listener.name.sasl.scram-sha-512.sasl.jaas.config=${scram}`,
  ];
}

/** The jars of one Kafka release; fetched once by Maven. */
export async function kafkaJars(): Promise<string | { missing: string }> {
  const folder = join(homedir(), '.cache', 'tidewatch', `kafka-${KAFKA_VERSION}`);
  if (existsSync(folder) && (await readdir(folder)).length > 0) return folder;
  const work = await mkdtemp(join(tmpdir(), 'tidewatch-kafka-jars-'));
  const dependency = (group: string, artifact: string, version: string): string =>
    `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`;
  await writeFile(
    join(work, 'pom.xml'),
    `<project><modelVersion>4.0.0</modelVersion>
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
    const reason = (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
    return { missing: `Maven cannot fetch Kafka ${KAFKA_VERSION} (${reason})` };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** A KRaft cluster id: 16 bytes in URL-safe base64. */
function clusterId(): string {
  const id = Buffer.from(randomUUID().replaceAll('-', ''), 'hex').toString('base64url');
  // Kafka's command line would take it for an option.
  return id.startsWith('-') ? clusterId() : id;
}
