/**
 * A stand-in for Alertmanager that keeps alerts as its API v2 says: by labels, until endsAt, refusing what the OpenAPI
 * document refuses. The real one is a Go program that a test machine may not have.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { alertmanager } from '../../alerting/notifiers/alertmanager.ts';
import type { Alert } from '../../core/event.ts';
import { PATIENT_MS, describeHttpNotifier, type NotifierUnderTest } from '../contracts/notifier.ts';
import { alertOf, contextFor, notificationWith } from './alerts.ts';

interface Posted {
  labels: Record<string, string>;
  annotations: Record<string, string>;
  startsAt: string;
  endsAt: string;
  generatorURL?: string;
}

interface StandIn {
  readonly url: string;
  readonly authorization: string[];
  /** Labels of what is alive at `now`. */
  alive(now: number): Record<string, string>[];
  last(): Posted[];
  close(): Promise<void>;
}

async function startStandIn(): Promise<StandIn> {
  const kept = new Map<string, Posted>();
  const authorization: string[] = [];
  let last: Posted[] = [];
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request
      .on('data', (chunk: Buffer) => chunks.push(chunk))
      .on('end', () => {
        authorization.push(request.headers.authorization ?? '');
        const refuse = (why: string): void => void response.writeHead(400).end(JSON.stringify(why));
        if (request.method !== 'POST' || request.url !== '/am/api/v2/alerts') return refuse('no such path');
        const alerts = JSON.parse(Buffer.concat(chunks).toString()) as Posted[];
        for (const { labels, startsAt, endsAt } of alerts) {
          if (Object.keys(labels).length === 0 || labels['alertname'] === undefined)
            return refuse('at least one label pair');
          for (const [name, value] of Object.entries(labels)) {
            if (!/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name) || value === '') return refuse(`invalid label set: ${name}`);
          }
          if (!(Date.parse(startsAt) <= Date.parse(endsAt))) return refuse('start time must be before end time');
        }
        for (const alert of alerts)
          kept.set(JSON.stringify(Object.entries(alert.labels).toSorted(([a], [b]) => (a < b ? -1 : 1))), alert);
        last = alerts;
        response.writeHead(200).end();
      });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/am/`,
    authorization,
    alive: (now) => [...kept.values()].filter(({ endsAt }) => Date.parse(endsAt) > now).map(({ labels }) => labels),
    last: () => last,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function alertmanagerAt(urls: string[], settings: object = {}): Promise<NotifierUnderTest> {
  const context = contextFor('alertmanager');
  const values = alertmanager.settings.parse({ urls, timeout_ms: PATIENT_MS, ...settings });
  return { notifier: await alertmanager.create(values, context), close: context.close };
}

describeHttpNotifier('alertmanager', notificationWith(), (url, timeout_ms) => alertmanagerAt([url], { timeout_ms }));

describe('alertmanager', () => {
  let server: StandIn;
  let under: NotifierUnderTest | undefined;
  beforeEach(async () => {
    server = await startStandIn();
  });
  afterEach(async () => {
    await under?.close();
    await server.close();
  });

  const send = async (...alerts: Alert[]) => under?.notifier.send(notificationWith(alerts));

  it('keeps an alert alive for four resends, and ends it at once when it is over', async () => {
    under = await alertmanagerAt([server.url], { resend_secs: 30, labels: { team: 'risk' } });
    expect(under.notifier.refreshMs).toBe(30_000);
    await send(alertOf());
    const [labels] = server.alive(Date.now() + 110_000);
    expect(labels).toMatchObject({
      alertname: 'NegativeOpinionSurge',
      team: 'risk',
      entity: 'norvale_bank',
      severity: 'warning',
      alert_id: alertOf().alert_id,
    });
    expect(server.alive(Date.now() + 121_000)).toEqual([]);
    const [posted] = server.last();
    expect(posted?.startsAt).toBe(alertOf().started_at);
    expect(posted?.generatorURL).toBe('https://tide.example/?alert=1');
    expect(posted?.annotations['description']).toContain('18 negative stories');
    expect(posted?.annotations['stories']).toContain('Norvale halts withdrawals');
    await send(alertOf({ state: 'resolved', revision: 3 }));
    expect(server.alive(Date.now() + 1)).toEqual([]);
  });

  it('ends the warning when it becomes critical, as labels are identity there', async () => {
    under = await alertmanagerAt([server.url]);
    await send(alertOf());
    const labels = { ...alertOf().labels, severity: 'critical' };
    const critical = alertOf({ severity: 'critical', revision: 3, labels });
    await under.notifier.send(notificationWith([critical], { risen: [critical.alert_id] }));
    expect(server.alive(Date.now() + 1).map((one) => one['severity'])).toEqual(['critical']);
    // From then on there is no warning to end.
    await send(critical);
    expect(server.last().map((one) => one.labels['severity'])).toEqual(['critical']);
  });

  it('ends no warning that it was never told of, where an alert is critical from its beginning', async () => {
    under = await alertmanagerAt([server.url]);
    await send(alertOf({ severity: 'critical', labels: { ...alertOf().labels, severity: 'critical' } }));
    expect(server.last().map((one) => one.labels['severity'])).toEqual(['critical']);
  });

  it('is content when one member of a cluster takes it, and fails when none does', async () => {
    const gone = 'http://127.0.0.1:1/';
    under = await alertmanagerAt([gone, server.url]);
    await send(alertOf());
    expect(server.alive(Date.now())).toHaveLength(1);
    await under.close();
    under = await alertmanagerAt([gone, gone]);
    await expect(send(alertOf())).rejects.toMatchObject({ code: 'notify.unavailable' });
  });

  it('sends its token, and shows it in no error', async () => {
    under = await alertmanagerAt([server.url.replace('/am/', '/wrong/')], { token: 'very-secret-token' });
    const error = await send(alertOf())?.catch((thrown: unknown) => thrown as Error);
    expect(server.authorization).toEqual(['Bearer very-secret-token']);
    expect((error as Error).message).not.toContain('very-secret-token');
  });
});
