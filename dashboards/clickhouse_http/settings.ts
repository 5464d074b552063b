/** Settings of the ClickHouse-HTTP endpoint. The section is absent by default: no port is opened that nobody asked for. */
import { z } from 'zod';
import { tlsSettings } from '../../core/tls.ts';

export const clickhouseHttpSettings = z.strictObject({
  port: z.number().int().min(0).max(65_535).default(8123).describe('Port to listen on; 0 picks a free one.'),
  host: z.string().min(1).default('127.0.0.1').describe('Address to listen on; 0.0.0.0 for every network.'),
  username: z.string().min(1).default('reader').describe('User that clients log in as.'),
  password: z
    .string()
    .min(12, 'must have at least 12 characters')
    .describe('Password that clients log in with; password_file and ${ENV} keep it out of the settings file.'),
  requests_per_minute: z
    .number()
    .int()
    .min(10)
    .max(1_000_000)
    .default(3_000)
    .describe('Most requests of one address; more are told to wait (429).'),
  tls: tlsSettings,
  max_rows: z.number().int().min(1).default(100_000).describe('Most rows of one answer.'),
  max_secs: z
    .number()
    .int()
    .min(1)
    .max(60)
    .default(20)
    .describe('Most seconds of one query. Queries and the writes of the pipeline take turns.'),
  max_bytes: z
    .number()
    .int()
    .min(1_024)
    .default(64 * 1_024 * 1_024)
    .describe('Most bytes of one answer.'),
});

export type ClickHouseHttpSettings = z.output<typeof clickhouseHttpSettings>;
