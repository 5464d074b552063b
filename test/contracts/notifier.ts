/**
 * What every HTTP notifier must do, whatever it says: one suite over a real local receiver. A notifier that speaks
 * another protocol brings its own receiver and the same sentences.
 */
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Notifier } from '../../alerting/notifier.ts';
import type { TidewatchError } from '../../core/errors.ts';
import type { Notification } from '../../alerting/notification.ts';

export interface ReceivedRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Receiver {
  readonly url: string;
  readonly requests: ReceivedRequest[];
  /** What is answered from now on; `hang` answers nothing. */
  answer: { status: number; headers?: Record<string, string>; body?: string } | 'hang';
  close(): Promise<void>;
}

/** A local HTTP server that remembers what it was sent. */
export async function startReceiver(path = '/hook'): Promise<Receiver> {
  const requests: ReceivedRequest[] = [];
  const server: Server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      requests.push({ path: request.url ?? '', headers: request.headers, body });
      if (receiver.answer === 'hang') return;
      response.writeHead(receiver.answer.status, receiver.answer.headers).end(receiver.answer.body ?? '');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`,
    requests,
    answer: { status: 200, body: 'ok' },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return receiver;
}

export interface NotifierUnderTest {
  readonly notifier: Notifier;
  close(): Promise<void>;
}

/** Long enough for a machine that does other things, too. */
export const PATIENT_MS = 20_000;
const IMPATIENT_MS = 300;

/**
 * `create` makes a notifier that sends to `url` and waits at most `timeoutMs` for an answer. `took`: what the other side
 * answers with 200 when it took a message, where a status alone does not say so.
 */
export function describeHttpNotifier(
  name: string,
  notification: Notification,
  create: (url: string, timeoutMs: number) => Promise<NotifierUnderTest> | NotifierUnderTest,
  took?: string,
): void {
  describe(`${name} as a notifier`, () => {
    let receiver: Receiver;
    let under: NotifierUnderTest;

    beforeEach(async () => {
      receiver = await startReceiver('/secret-path/hook');
      receiver.answer = { status: 200, body: took ?? 'ok' };
      under = await create(receiver.url, PATIENT_MS);
    });
    afterEach(async () => {
      await under.close();
      await receiver.close();
    });

    const hurry = async (): Promise<void> => {
      await under.close();
      under = await create(receiver.url, IMPATIENT_MS);
    };

    const failure = async (): Promise<TidewatchError> => {
      try {
        await under.notifier.send(notification);
      } catch (error) {
        return error as TidewatchError;
      }
      throw new Error('The notifier did not fail.');
    };

    it('sends one JSON request a message and knows when it was taken', async () => {
      const answers = took === undefined ? [{ status: 200 }, { status: 202 }, { status: 204 }] : [receiver.answer];
      for (const answer of answers) {
        receiver.answer = answer;
        await under.notifier.send(notification);
      }
      expect(receiver.requests).toHaveLength(answers.length);
      expect(receiver.requests[0]?.headers['content-type']).toMatch(/^application\/json/);
      expect(() => JSON.parse(receiver.requests[0]?.body ?? '') as unknown).not.toThrow();
    });

    it.each([400, 401, 403, 404, 410, 422])('is refused for good by %i', async (status) => {
      receiver.answer = { status, body: 'no' };
      const error = await failure();
      expect([error.code, error.retryable]).toEqual(['notify.rejected', false]);
      expect(error.message).toContain(String(status));
    });

    it.each([408, 425, 429, 500, 502, 503])('may try again after %i', async (status) => {
      receiver.answer = { status };
      const error = await failure();
      expect([error.code, error.retryable]).toEqual(['notify.unavailable', true]);
    });

    it('says when it may try again, by seconds or by date', async () => {
      receiver.answer = { status: 429, headers: { 'retry-after': '7' } };
      expect((await failure()).retryAfterMs).toBe(7000);
      receiver.answer = { status: 503, headers: { 'retry-after': new Date(Date.now() + 60_000).toUTCString() } };
      expect(((await failure()).retryAfterMs ?? 0) / 1000).toBeGreaterThan(50);
      receiver.answer = { status: 503, headers: { 'retry-after': 'soon' } };
      expect((await failure()).retryAfterMs).toBeUndefined();
    });

    it('follows no redirect', async () => {
      receiver.answer = { status: 302, headers: { location: 'http://127.0.0.1:1/elsewhere' } };
      expect((await failure()).code).toBe('notify.rejected');
    });

    it('may try again when nobody answers, in time or at all', async () => {
      receiver.answer = 'hang';
      await hurry();
      expect((await failure()).code).toBe('notify.unavailable');
      await receiver.close();
      expect((await failure()).code).toBe('notify.unavailable');
      receiver = await startReceiver();
    });

    it('keeps the path of its address, which may be a secret, out of its errors', async () => {
      for (const answer of [{ status: 500 }, { status: 404 }, 'hang'] as const) {
        receiver.answer = answer;
        if (answer === 'hang') await hurry();
        const error = await failure();
        expect(`${error.message} ${error.hint} ${String(error.cause)}`).not.toContain('secret-path');
      }
    });
  });
}
