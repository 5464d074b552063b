/**
 * Connections to Kafka: kafkajs with our settings, its log turned into ours, its errors into TidewatchErrors.
 * kafkajs reports every retry as an error and every rebalance as news: what repeats is said once in half a minute, with
 * the count of what was left out, and what it mends by itself is kept at debug.
 */
import { readFileSync } from 'node:fs';
import { Kafka, logLevel, type KafkaConfig, type LogEntry, type RetryOptions, type SASLOptions } from 'kafkajs';
import { TidewatchError } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { KafkaStreamSettings } from './kafka_settings.ts';

/** About 12 s in all before kafkajs gives up on one request. */
export const PATIENT: RetryOptions = {
  initialRetryTime: 100,
  maxRetryTime: 3000,
  multiplier: 2,
  factor: 0.2,
  retries: 8,
};
/** Of readers that are given up where they crash: kafkajs would start them again by itself, beside what takes their place. */
export const NEVER_RESTARTED: RetryOptions = { ...PATIENT, restartOnFailure: () => Promise.resolve(false) };
/** About 2 s: at the start, where a wrong address should be said soon. */
export const SHORT: RetryOptions = {
  initialRetryTime: 200,
  maxRetryTime: 1000,
  multiplier: 2,
  factor: 0.2,
  retries: 3,
};
/** Steps of milliseconds first: a transaction right after another waits for the other's markers. */
export const QUICK: RetryOptions = { initialRetryTime: 8, maxRetryTime: 1500, multiplier: 2, factor: 0.2, retries: 14 };

/** @throws TidewatchError config.invalid when a TLS file cannot be read */
export function createClient(settings: KafkaStreamSettings, log: Logger, retry: RetryOptions): Kafka {
  const config: KafkaConfig = {
    brokers: settings.brokers,
    clientId: settings.client_id,
    connectionTimeout: 5000,
    authenticationTimeout: 10_000,
    requestTimeout: 30_000,
    retry,
    logLevel: logLevel.INFO,
    logCreator: () => createKafkaLog(log),
  };
  if (settings.tls !== undefined) config.ssl = readTls(settings.tls);
  if (settings.sasl !== undefined) config.sasl = settings.sasl as SASLOptions;
  return new Kafka(config);
}

function readTls(tls: NonNullable<KafkaStreamSettings['tls']>): Exclude<KafkaConfig['ssl'], boolean | undefined> {
  const read = (name: string, file: string): string => {
    try {
      return readFileSync(file, 'utf8');
    } catch (error) {
      throw new TidewatchError('config.invalid', `stream.tls.${name}: the file ${file} cannot be read`, {
        cause: error,
      });
    }
  };
  return {
    ...(tls.ca_file === undefined ? {} : { ca: read('ca_file', tls.ca_file) }),
    ...(tls.certificate_file === undefined ? {} : { cert: read('certificate_file', tls.certificate_file) }),
    ...(tls.key_file === undefined ? {} : { key: read('key_file', tls.key_file) }),
    ...(tls.key_password === undefined ? {} : { passphrase: tls.key_password }),
    ...(tls.server_name === undefined ? {} : { servername: tls.server_name }),
  };
}

const SAID_AGAIN_AFTER_MS = 30_000;
/** By our logger: the clients of one stream all see the same broker go. */
const saidBy = new WeakMap<Logger, Map<string, { at: number; more: number }>>();
/** What kafkajs reports and then mends by itself; where it does not, the failure itself is thrown and said. */
const ROUTINE = /^Response |^Failed to send messages|rebalanc|not aware of this member|Limiting retries/i;

function createKafkaLog(log: Logger): (entry: LogEntry) => void {
  const said = saidBy.get(log) ?? new Map<string, { at: number; more: number }>();
  saidBy.set(log, said);
  return ({ namespace, level, log: { message, broker, error, groupId, topic } }) => {
    const text = `Kafka client${namespace === '' ? '' : ` (${namespace})`}: ${message}`;
    const fields: Record<string, unknown> = { broker, error, group: groupId, topic };
    if (level >= logLevel.INFO || ROUTINE.test(message)) {
      log.debug(fields, text);
      return;
    }
    const now = performance.now();
    const before = said.get(text);
    if (before !== undefined && now - before.at < SAID_AGAIN_AFTER_MS) {
      before.more += 1;
      return;
    }
    if (said.size > 200) said.clear();
    said.set(text, { at: now, more: 0 });
    log.warn(before === undefined ? fields : { ...fields, repeated: before.more }, text);
  };
}

/** Every name and type along an error's causes: kafkajs wraps the first one up to three times. */
export function errorMarks(thrown: unknown): string {
  const marks: string[] = [];
  for (let error = thrown, depth = 0; error instanceof Error && depth < 6; error = error.cause, depth += 1) {
    const { name, type, code } = error as Error & { type?: string; code?: string | number };
    marks.push(name, type ?? '', String(code ?? ''));
    if (depth === 0 || name !== 'KafkaJSNumberOfRetriesExceeded') marks.push(error.message);
  }
  return marks.join(' ');
}

/** True where another reader has taken over what this producer wrote for, or its transaction timed out. */
export function isFenced(thrown: unknown): boolean {
  return /PRODUCER_FENCED|INVALID_PRODUCER_EPOCH|INVALID_PRODUCER_ID_MAPPING|INVALID_TXN_STATE/.test(
    errorMarks(thrown),
  );
}

/** True where the broker that leads the group is starting, or another leads it by now: it passes. */
export function isCoordinatorBusy(thrown: unknown): boolean {
  return /GROUP_LOAD_IN_PROGRESS|GROUP_COORDINATOR_NOT_AVAILABLE|NOT_COORDINATOR_FOR_GROUP/.test(errorMarks(thrown));
}

/** A failure of kafkajs as ours. `what` begins the message: "Appending to documents". */
export function toStreamError(thrown: unknown, what: string, settings: KafkaStreamSettings): TidewatchError {
  if (thrown instanceof TidewatchError) return thrown;
  const marks = errorMarks(thrown);
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  const fail = (hint: string, retryable: boolean): TidewatchError =>
    new TidewatchError('storage.unavailable', `${what} failed: ${reason}`, { cause: thrown, hint, retryable });
  if (/SASL|AUTHENTICATION_FAILED|ILLEGAL_SASL_STATE/i.test(marks)) {
    return fail('Check stream.sasl: mechanism, username and password must be those of the brokers.', false);
  }
  if (/AUTHORIZATION_FAILED/.test(marks)) {
    return fail(
      `Give ${settings.sasl?.username ?? 'this client'} the rights to topics, groups and transactional ids named ${settings.topic_prefix}*.`,
      false,
    );
  }
  if (/MESSAGE_TOO_LARGE|RECORD_LIST_TOO_LARGE/.test(marks)) {
    return new TidewatchError('input.too_large', `${what} failed: ${reason}`, {
      cause: thrown,
      hint: 'Raise max.message.bytes of the topic, or shorten the documents.',
    });
  }
  if (/CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ERR_TLS|ERR_SSL|EPROTO/.test(marks)) {
    return fail('Check stream.tls: ca_file must hold the authority that signed the brokers’ certificates.', false);
  }
  return fail(`Check that stream.brokers (${settings.brokers.join(', ')}) are up and reachable from here.`, true);
}
