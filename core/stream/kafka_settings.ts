/**
 * Settings of the Kafka stream. Only what a team has to decide: where the brokers are, how to get in, how topics are
 * made when they are absent, and the limits. Everything that exactly-once depends on (acks, idempotence, isolation,
 * in-flight requests) is fixed in code and not a setting.
 */
import { z } from 'zod';

const tls = z.strictObject({
  ca_file: z.string().min(1).optional().describe('PEM file with the authority that signed the brokers’ certificates.'),
  certificate_file: z.string().min(1).optional().describe('PEM file with this client’s certificate (mutual TLS).'),
  key_file: z.string().min(1).optional().describe('PEM file with the key of certificate_file.'),
  key_password: z.string().min(1).optional().describe('Password of key_file.'),
  server_name: z.string().min(1).optional().describe('Name to expect in the certificate, where it is not the host’s.'),
});

const sasl = z.strictObject({
  mechanism: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']).describe('How the password is shown to the broker.'),
  username: z.string().min(1).describe('User.'),
  password: z.string().min(1).describe('Password; better password_file or ${ENVIRONMENT}.'),
});

export const kafkaStreamSettings = z.strictObject({
  brokers: z
    .array(z.string().regex(/^(?:[^\s:/]+|\[[0-9a-fA-F:]+\]):\d{1,5}$/, 'host:port'))
    .min(1)
    .describe('Brokers to ask first, as host:port; the others are learned from them.'),
  client_id: z.string().min(1).max(100).default('tidewatch').describe('Name in the brokers’ logs and quotas.'),
  topic_prefix: z
    .string()
    .regex(/^[A-Za-z0-9._-]{0,100}$/, 'letters, digits, ".", "_" and "-" only')
    .default('tidewatch.')
    .describe(
      'Before the names of topics and groups: topic tidewatch.documents, group tidewatch.documents.classifier.',
    ),
  transactional_id_prefix: z
    .string()
    .min(1)
    .max(100)
    .optional()
    .describe('Before the transactional ids, one a group and partition; topic_prefix without it.'),
  partitions: z
    .number()
    .int()
    .min(1)
    .max(1000)
    .default(6)
    .describe('Partitions of topics that are created here: the most readers that a group can share work among.'),
  replication_factor: z
    .number()
    .int()
    .min(1)
    .optional()
    .describe('Copies of topics that are created here; the brokers’ default without it.'),
  retention_hours: z
    .number()
    .positive()
    .default(168)
    .describe('Topics created here keep messages this long, read or not: longer than the longest stop you expect.'),
  dead_letter_retention_hours: z.number().positive().default(720).describe('The same for topics of dead letters.'),
  compression: z
    .enum(['gzip', 'zstd', 'none'])
    .default('gzip')
    .describe('How batches are compressed on the way and on disk; zstd needs Node 22.15 in every process.'),
  tls: tls.optional().describe('TLS to the brokers; an empty object uses the system’s authorities.'),
  sasl: sasl.optional().describe('Authentication by user and password.'),
  max_backlog_messages: z
    .number()
    .int()
    .min(1)
    .default(200_000)
    .describe('Writers to a topic wait while its slowest reader is this many messages behind (asked once a second).'),
  session_timeout_ms: z
    .number()
    .int()
    .min(1000)
    .max(1_800_000)
    .default(30_000)
    .describe('A reader that is silent this long loses its partitions to the others of its group.'),
  stall_restart_secs: z
    .number()
    .min(1)
    .default(90)
    .describe('A reader that got nothing for this long, though messages wait for it, is started anew.'),
});
export type KafkaStreamSettings = z.output<typeof kafkaStreamSettings>;

/** The broker's name of a topic. */
export function topicName(settings: KafkaStreamSettings, topic: string): string {
  return `${settings.topic_prefix}${topic}`;
}

/** The broker's id of a group: a group of the port belongs to one topic, so the topic is part of it. */
export function groupId(settings: KafkaStreamSettings, topic: string, group: string): string {
  return `${settings.topic_prefix}${topic}.${group}`;
}

/** One id a group and partition, so that whoever owns the partition fences its earlier owner. */
export function transactionalId(settings: KafkaStreamSettings, topic: string, group: string, part: string): string {
  return `${settings.transactional_id_prefix ?? settings.topic_prefix}${topic}.${group}.${part}`;
}
