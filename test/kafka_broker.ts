/**
 * A real Kafka broker for the tests, from the first of: KAFKA_BROKERS (a list of host:port); a container by testcontainers,
 * where Docker answers and has the image (KAFKA_IMAGE); Apache Kafka from Maven's jars (kafka_maven.ts). Where none of
 * them can be had the tests skip, and say why. `kind` says which one it is: tests print it.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { answers } from './kafka_answers.ts';
import { startMavenBroker, type SecureListeners } from './kafka_maven.ts';

const run = promisify(execFile);
export const KAFKA_IMAGE = process.env['KAFKA_IMAGE'] ?? 'confluentinc/cp-kafka:7.6.1';

export interface KafkaBroker {
  /** What serves: shown in the test's output. */
  readonly kind: string;
  readonly brokers: string[];
  /** Listeners with TLS, where the broker is ours to configure. */
  readonly secure?: SecureListeners | undefined;
  /** Kills the broker without warning; undefined where it is not ours to kill. */
  readonly kill?: () => Promise<void>;
  /** Starts it again on the same address and data. */
  readonly start?: () => Promise<void>;
  stop(): Promise<void>;
}

export type BrokerOrReason = KafkaBroker | { readonly missing: string };

/** Starts, or finds, a broker. Never throws for want of one: `missing` says what there was not. */
export async function startKafkaBroker({ secure = false } = {}): Promise<BrokerOrReason> {
  const given = process.env['KAFKA_BROKERS'];
  if (given !== undefined && given !== '') {
    const brokers = given.split(',');
    await answers(brokers);
    return { kind: `KAFKA_BROKERS ${given}`, brokers, stop: () => Promise.resolve() };
  }
  const container = await startContainer();
  if (!('missing' in container)) return container;
  const java = await startMavenBroker({ secure });
  if (!('missing' in java)) return { ...java, kind: `${java.kind} (${container.missing})` };
  return { missing: `no KAFKA_BROKERS; ${container.missing}; ${java.missing}` };
}

async function startContainer(): Promise<BrokerOrReason> {
  try {
    await run('docker', ['info', '--format', '{{.ServerVersion}}'], { timeout: 10_000 });
  } catch {
    return { missing: 'Docker does not answer' };
  }
  try {
    await run('docker', ['image', 'inspect', KAFKA_IMAGE], { timeout: 10_000 });
  } catch {
    return { missing: `Docker has no image ${KAFKA_IMAGE}` };
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
