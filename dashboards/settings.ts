/** Settings of the dashboards stage. Beyond this machine the page is never open to everyone: a token is required there. */
import { z } from 'zod';
import { tlsSettings } from '../core/tls.ts';
import { ROLES } from './access.ts';
import { askSettings } from './ask/phrasing.ts';
import { clickhouseHttpSettings } from './clickhouse_http/settings.ts';

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/;

/** Whether only programs on this machine can reach a server bound to `host`. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host);
}

export const dashboardsSettings = z
  .strictObject({
    host: z.string().min(1).default('127.0.0.1').describe('Address to listen on; 0.0.0.0 for every network.'),
    port: z.number().int().min(0).max(65_535).default(8080).describe('Port to listen on; 0 picks a free one.'),
    token: z
      .string()
      .min(16, 'must have at least 16 characters')
      .optional()
      .describe('One secret for everyone, with every right; tokens tells people and programs apart.'),
    tokens: z
      .array(
        z.strictObject({
          name: z
            .string()
            .regex(/^[\p{L}\p{N}][\p{L}\p{N} _.@-]{0,59}$/u, 'letters, digits, blanks and "_.@-", at most 60')
            .describe('Who or what has it: the author of what it writes, and the name in the audit log.'),
          role: z.enum(ROLES).default('reader').describe('What it may: each role may what those before it may.'),
          token: z.string().min(16, 'must have at least 16 characters').describe('The secret; or token_file.'),
        }),
      )
      .max(200)
      .default([])
      .refine((tokens) => new Set(tokens.map(({ name }) => name)).size === tokens.length, 'two have the same name')
      .refine((tokens) => new Set(tokens.map(({ token }) => token)).size === tokens.length, 'two are the same')
      .describe('Tokens of people and programs; one of these or token is required unless host is this machine only.'),
    requests_per_minute: z
      .number()
      .int()
      .min(10)
      .max(1_000_000)
      .default(3_000)
      .describe('Most requests of one token, or of one address without a named token; more are told to wait (429).'),
    failed_sign_ins_per_minute: z
      .number()
      .int()
      .min(1)
      .max(1_000_000)
      .default(20)
      .describe('Wrong tokens that an address may try; then it waits, even with a right one.'),
    prices: z
      .string()
      .min(1)
      .optional()
      .describe(
        'CSV of closing prices (date, symbol, close), drawn on the pages of entities; read again when it changes.',
      ),
    tls: tlsSettings,
    ask: askSettings
      .optional()
      .describe('A language model of your own that may put answers into prose; without it they are plain sentences.'),
    clickhouse_http: clickhouseHttpSettings
      .optional()
      .describe('Read-only door for ClickHouse clients (Grafana, @clickhouse/client, curl); shut unless set.'),
  })
  .refine(({ token, tokens, host }) => token !== undefined || tokens.length > 0 || isLoopback(host), {
    path: ['token'],
    message: 'a token is required when host is reachable from other machines (set tokens, token or token_file)',
  });

export type DashboardsSettings = z.output<typeof dashboardsSettings>;
