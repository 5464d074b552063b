/**
 * Alerts to a Slack channel by a bot's token, with the chart as a picture, which an incoming webhook cannot carry: the PNG
 * is uploaded (files.getUploadURLExternal, a POST of the bytes, files.completeUploadExternal) and shown by an image block.
 * The picture is a nicety: where its upload fails, the message goes without it. Slack answers 200 to everything and says in
 * `ok` and `error` what became of it. It goes on with an upload after it has called it complete, and until it is done
 * a message that shows the file is answered `invalid_blocks` (slackapi/python-slack-sdk#1797): it is posted again shortly after, and
 * at last without the picture. Rejected: asking files.info until the file is there, which takes a scope more (files:read).
 * Scopes: chat:write, files:write. Source: docs.slack.dev, "Working with files", chat.postMessage, "Block Kit: image block".
 */
import { z } from 'zod';
import { defineComponent, type Context } from '../../core/component.ts';
import { TidewatchError, toTidewatchError } from '../../core/errors.ts';
import { post } from '../answer.ts';
import { chartPng } from '../chart_png.ts';
import { languageSetting, messagesOf } from '../message.ts';
import { leadOf } from '../notification.ts';
import type { Notifier } from '../notifier.ts';
import { slackMessage } from './slack.ts';

const WORTH_ANOTHER_TRY = new Set([
  'ratelimited',
  'rate_limited',
  'internal_error',
  'fatal_error',
  'request_timeout',
  'service_unavailable',
]);

/** Waits before each try to post the message with its picture. */
const PICTURE_WAITS_MS = [0, 1000, 3000];

const settings = z.object({
  token: z.string().min(1).describe('The bot’s token, xoxb-…; better as token_file or ${ENV}.'),
  channel: z.string().min(1).max(80).describe('Id of the channel, as C0123456789; the bot must be in it.'),
  language: languageSetting('both'),
  api_url: z
    .url({ protocol: /^https?$/ })
    .default('https://slack.com/api')
    .describe('Where Slack’s API is.'),
  timeout_ms: z.number().int().min(100).max(60_000).default(15_000).describe('Longest wait for an answer.'),
});

type Settings = z.output<typeof settings>;

interface Answer {
  readonly ok?: boolean;
  readonly error?: string;
  readonly upload_url?: string;
  readonly file_id?: string;
}

/** Slack's answer, also where it is a refusal. @throws TidewatchError notify.rejected, notify.unavailable */
async function ask(
  method: string,
  body: string | URLSearchParams,
  values: Settings,
  context: Context,
): Promise<Answer> {
  const isForm = body instanceof URLSearchParams;
  const headers = {
    authorization: `Bearer ${values.token}`,
    'content-type': isForm ? 'application/x-www-form-urlencoded' : 'application/json; charset=utf-8',
  };
  const url = `${values.api_url.replace(/\/+$/, '')}/${method}`;
  const text = await post({ url, headers, body: body.toString(), timeoutMs: values.timeout_ms }, context);
  try {
    return JSON.parse(text) as Answer;
  } catch {
    throw new TidewatchError('notify.unavailable', `${context.name}: Slack’s answer is not JSON`);
  }
}

function refusal(answer: Answer, method: string, context: Context): TidewatchError {
  const error = (answer.error ?? 'no reason').slice(0, 100);
  const code = WORTH_ANOTHER_TRY.has(error) ? 'notify.unavailable' : 'notify.rejected';
  return new TidewatchError(code, `${context.name}: Slack refused ${method}: ${error}`, {
    ...(code === 'notify.rejected' && {
      hint: 'Check the token, its scopes and the channel; then tidewatch notify replay.',
    }),
  });
}

/** @throws TidewatchError notify.rejected, notify.unavailable, unless Slack says ok */
async function call(
  method: string,
  body: string | URLSearchParams,
  values: Settings,
  context: Context,
): Promise<Answer> {
  const answer = await ask(method, body, values, context);
  if (answer.ok !== true) throw refusal(answer, method, context);
  return answer;
}

/** False where Slack does not show the picture in time. @throws TidewatchError notify.rejected, notify.unavailable */
async function postWithPicture(body: string, values: Settings, context: Context): Promise<boolean> {
  for (const wait of PICTURE_WAITS_MS) {
    await context.clock.sleep(wait, context.signal);
    const answer = await ask('chat.postMessage', body, values, context);
    if (answer.ok === true) return true;
    if (answer.error !== 'invalid_blocks') throw refusal(answer, 'chat.postMessage', context);
  }
  context.log.warn(`${context.name}: Slack does not show the uploaded chart; the message goes without it`);
  return false;
}

/** Id of the uploaded picture. */
async function upload(picture: Buffer, values: Settings, context: Context): Promise<string> {
  const asked = new URLSearchParams({ filename: 'chart.png', length: String(picture.length) });
  const { upload_url, file_id } = await call('files.getUploadURLExternal', asked, values, context);
  if (upload_url === undefined || file_id === undefined) {
    throw new TidewatchError('notify.unavailable', `${context.name}: Slack gave no place to upload to`);
  }
  const caps = { timeoutMs: values.timeout_ms, maxBytes: 100_000, maxRedirects: 0 };
  const headers = { 'content-type': 'image/png' };
  // Slack chose this address, not the operator: it is not trusted.
  const sent = await context.http.fetch(upload_url, {
    method: 'POST',
    headers,
    body: picture,
    ...caps,
    signal: context.signal,
  });
  if (sent.status >= 300) {
    throw new TidewatchError('notify.unavailable', `${context.name}: Slack’s store answered ${sent.status}`);
  }
  await call('files.completeUploadExternal', JSON.stringify({ files: [{ id: file_id }] }), values, context);
  return file_id;
}

export const slackBot = defineComponent({
  name: 'slack_bot',
  summary: 'Posts the alert with its evidence and chart to a Slack channel by a bot’s token.',
  settings,
  create(values, context): Notifier {
    return {
      pace: { messages: 1, perMs: 1000 },
      async send(notification) {
        const lead = leadOf(notification);
        const picture = lead.state === 'resolved' ? null : chartPng(lead);
        let file: string | null = null;
        if (picture !== null) {
          file = await upload(picture, values, context).catch((thrown: unknown) => {
            context.log.warn(`${toTidewatchError(thrown).message}; the message goes without its chart`);
            return null;
          });
        }
        const messages = messagesOf(notification, values.language);
        const bodyWith = (shown: string | null): string =>
          JSON.stringify({ channel: values.channel, ...slackMessage(messages, shown) });
        if (file !== null && (await postWithPicture(bodyWith(file), values, context))) return;
        await call('chat.postMessage', bodyWith(null), values, context);
      },
    };
  },
});
