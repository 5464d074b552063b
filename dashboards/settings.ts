/** Settings of the dashboards stage. Beyond this machine the page is never open to everyone: a token is required there. */
import { z } from 'zod';
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
      .describe('Secret that readers sign in with; required unless host is this machine only.'),
    clickhouse_http: clickhouseHttpSettings
      .optional()
      .describe('Read-only door for ClickHouse clients (Grafana, @clickhouse/client, curl); shut unless set.'),
  })
  .refine((settings) => settings.token !== undefined || isLoopback(settings.host), {
    path: ['token'],
    message: 'a token is required when host is reachable from other machines (set dashboards.token or token_file)',
  });

export type DashboardsSettings = z.output<typeof dashboardsSettings>;
