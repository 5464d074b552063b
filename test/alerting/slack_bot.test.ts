/** A stand-in for Slack's API: the four calls of an upload and a message, refusing what Slack refuses, and as slow as it with a file. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { slackBot } from '../../alerting/notifiers/slack_bot.ts';
import type { Clock } from '../../core/clock.ts';
import type { Context } from '../../core/component.ts';
import type { TidewatchError } from '../../core/errors.ts';
import { createHttpClient } from '../../core/http.ts';
import { PATIENT_MS, describeHttpNotifier, type NotifierUnderTest } from '../contracts/notifier.ts';
import { alertOf, contextFor, listeningLog, notificationWith } from './alerts.ts';

const TOKEN = 'xoxb-very-secret';

interface Posted {
  channel: string;
  blocks: { type: string; slack_file?: { id: string } }[];
}

interface StandIn {
  readonly url: string;
  readonly uploads: Buffer[];
  readonly posted: Posted[];
  /** Error that chat.postMessage answers, or ''. */
  failure: string;
  /** How many messages with a file come before Slack has finished with it. */
  unfinishedFor: number;
  close(): Promise<void>;
}

async function startStandIn(): Promise<StandIn> {
  const uploads: Buffer[] = [];
  const posted: Posted[] = [];
  let complete = false;
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request
      .on('data', (chunk: Buffer) => chunks.push(chunk))
      .on('end', () => {
        const body = Buffer.concat(chunks);
        const say = (answer: object): void => void response.writeHead(200).end(JSON.stringify(answer));
        if (request.url === '/upload/1') {
          uploads.push(body);
          return void response.writeHead(200).end('OK');
        }
        if (request.headers.authorization !== `Bearer ${TOKEN}`) return say({ ok: false, error: 'invalid_auth' });
        if (request.url === '/api/files.getUploadURLExternal') {
          const form = new URLSearchParams(body.toString());
          if (Number(form.get('length')) <= 0) return say({ ok: false, error: 'invalid_arguments' });
          return say({ ok: true, upload_url: `${standIn.url.replace('/api', '')}/upload/1`, file_id: 'F1' });
        }
        if (request.url === '/api/files.completeUploadExternal') {
          complete = uploads.length > 0;
          return say({ ok: complete });
        }
        const message = JSON.parse(body.toString()) as Posted;
        if (standIn.failure !== '') return say({ ok: false, error: standIn.failure });
        if (message.blocks.some(({ slack_file }) => slack_file !== undefined)) {
          standIn.unfinishedFor -= 1;
          if (!complete || standIn.unfinishedFor >= 0) return say({ ok: false, error: 'invalid_blocks' });
        }
        posted.push(message);
        return say({ ok: true });
      });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const standIn: StandIn = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api`,
    uploads,
    posted,
    failure: '',
    unfinishedFor: 0,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return standIn;
}

async function botAt(
  api_url: string,
  allowPrivateHosts: string[] = [],
  token = TOKEN,
  timeout_ms = PATIENT_MS,
  surroundings: Partial<Context> = {},
): Promise<NotifierUnderTest> {
  const http = createHttpClient({ userAgent: 'test', allowPrivateHosts });
  const context = { ...contextFor('bot'), http, ...surroundings };
  const values = slackBot.settings.parse({ token, channel: 'C1', api_url, timeout_ms });
  return { notifier: await slackBot.create(values, context), close: () => http.close() };
}

const ended = notificationWith([alertOf({ state: 'resolved', revision: 3 })]);
describeHttpNotifier('slack_bot', ended, (url, ms) => botAt(url, [], TOKEN, ms), '{"ok":true}');

describe('slack_bot', () => {
  let slack: StandIn;
  let under: NotifierUnderTest | undefined;
  beforeEach(async () => {
    slack = await startStandIn();
  });
  afterEach(async () => {
    await under?.close();
    await slack.close();
  });

  it('uploads the chart as PNG and shows it in the message', async () => {
    under = await botAt(slack.url, ['127.0.0.1']);
    await under.notifier.send(notificationWith());
    expect(slack.uploads[0]?.subarray(1, 4).toString()).toBe('PNG');
    expect(slack.posted[0]?.channel).toBe('C1');
    expect(slack.posted[0]?.blocks.find(({ type }) => type === 'image')?.slack_file).toEqual({ id: 'F1' });
  });

  it('sends the message without its chart when the chart cannot be uploaded', async () => {
    // Where Slack says to upload to is not trusted: a private address is refused.
    under = await botAt(slack.url);
    await under.notifier.send(notificationWith());
    expect(slack.uploads).toEqual([]);
    expect(slack.posted[0]?.blocks.some(({ type }) => type === 'image')).toBe(false);
  });

  describe('while Slack has not finished with the picture', () => {
    const hasPicture = (message: Posted | undefined): boolean | undefined =>
      message?.blocks.some(({ type }) => type === 'image');

    /** A bot that does not wait, but remembers how long it would have; a wait of `stopsAt` ends its process. */
    async function hastyBot(stopsAt = Infinity) {
      const stopping = new AbortController();
      const waits: number[] = [];
      const { log, warnings } = listeningLog();
      const clock: Clock = {
        now: () => Date.now(),
        async sleep(ms, asked) {
          if (ms > 0) waits.push(ms);
          if (ms >= stopsAt) stopping.abort();
          asked?.throwIfAborted();
        },
      };
      under = await botAt(slack.url, ['127.0.0.1'], TOKEN, PATIENT_MS, { clock, log, signal: stopping.signal });
      return { notifier: under.notifier, waits, warnings };
    }

    it('posts the message again until it has', async () => {
      slack.unfinishedFor = 2;
      const { notifier, waits, warnings } = await hastyBot();
      await notifier.send(notificationWith());
      expect(slack.posted.map(hasPicture)).toEqual([true]);
      expect([waits, warnings, slack.uploads.length]).toEqual([[1000, 3000], [], 1]);
    });

    it('sends the message without it after three tries, and says so', async () => {
      slack.unfinishedFor = Infinity;
      const { notifier, waits, warnings } = await hastyBot();
      await notifier.send(notificationWith());
      expect(slack.posted.map(hasPicture)).toEqual([false]);
      expect(waits).toEqual([1000, 3000]);
      expect(warnings).toEqual([expect.stringContaining('goes without it')]);
    });

    it('waits for nothing where another thing is wrong', async () => {
      slack.failure = 'channel_not_found';
      const { notifier, waits } = await hastyBot();
      await expect(notifier.send(notificationWith())).rejects.toMatchObject({ code: 'notify.rejected' });
      expect(waits).toEqual([]);
    });

    it('does not wait on when the process stops', async () => {
      slack.unfinishedFor = Infinity;
      const { notifier, waits } = await hastyBot(1000);
      await expect(notifier.send(notificationWith())).rejects.toThrow(/abort/i);
      expect([waits, slack.posted]).toEqual([[1000], []]);
    });
  });

  it('knows a refusal in an answer of 200, and shows no token', async () => {
    under = await botAt(slack.url, [], 'xoxb-wrong-token');
    const wrong = (await under.notifier.send(notificationWith()).catch((error: unknown) => error)) as TidewatchError;
    expect([wrong.code, wrong.retryable]).toEqual(['notify.rejected', false]);
    expect(`${wrong.message} ${wrong.hint}`).not.toContain('wrong-token');
    await under.close();
    under = await botAt(slack.url);
    slack.failure = 'ratelimited';
    await expect(under.notifier.send(ended)).rejects.toMatchObject({ code: 'notify.unavailable' });
    slack.failure = 'channel_not_found';
    await expect(under.notifier.send(ended)).rejects.toMatchObject({ code: 'notify.rejected' });
  });
});
