/**
 * Alerts by mail over SMTP (nodemailer): plain text and HTML with the chart inline. The Message-ID is made of the
 * notification's id, and messages of one group answer its first, so that a mail program shows an incident as one thread.
 * All that comes from outside is escaped; nothing is loaded from elsewhere when the mail is opened.
 *
 * A server may take a mail for some of its receivers only: then it is sent. Who is refused for good is named in the log, and who is
 * put off (4xx: greylisting, a full mailbox) is owed it, by the queue.
 * Sources: RFC 5321 (reply codes), RFC 5322 (Message-ID, References), RFC 2392 (cid).
 */
import { domainToASCII } from 'node:url';
import { createTransport, type NodemailerError } from 'nodemailer';
import { z } from 'zod';
import { defineComponent } from '../../core/component.ts';
import { TidewatchError, toTidewatchError } from '../../core/errors.ts';
import { stableId } from '../../core/event.ts';
import { chartPng } from '../chart_png.ts';
import { mailHtml, mailText } from '../mail_text.ts';
import { cut, languageSetting, messagesOf } from '../message.ts';
import { leadOf, type Notification } from '../notification.ts';
import type { Notifier, PutOff } from '../notifier.ts';

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1)$/;

const settings = z.object({
  host: z.string().min(1).describe('The SMTP server.'),
  port: z.number().int().min(1).max(65_535).default(587).describe('587 for starttls, 465 for tls.'),
  security: z
    .enum(['starttls', 'tls', 'none'])
    .default('starttls')
    .describe('starttls and tls refuse to go on without encryption; none is for a server on this machine.'),
  username: z.string().min(1).optional().describe('User to log in as.'),
  password: z.string().min(1).optional().describe('Password; better as password_file or ${ENV}.'),
  from: z.string().min(3).max(320).describe('Sender, as Tidewatch <alerts@example.com>.'),
  to: z.array(z.string().min(3).max(320)).min(1).max(100).describe('Receivers.'),
  language: languageSetting('both'),
  timeout_ms: z.number().int().min(100).max(120_000).default(30_000).describe('Longest wait for the server.'),
});

type Settings = z.output<typeof settings>;

/** The mail for one message, as nodemailer takes it. */
export function mailOf(notification: Notification, { from, to, language }: Pick<Settings, 'from' | 'to' | 'language'>) {
  const messages = messagesOf(notification, language);
  const lead = leadOf(notification);
  const chart = lead.state === 'resolved' ? null : chartPng(lead);
  const domain = /@([\w.-]+)/.exec(from)?.[1] ?? 'tidewatch.invalid';
  const thread = `<${stableId('thread', notification.group.key)}@${domain}>`;
  return {
    from,
    to: [...to],
    subject: cut(messages[0]?.title ?? '', 200),
    messageId: `<${stableId('mail', notification.id)}@${domain}>`,
    references: thread,
    inReplyTo: thread,
    text: mailText(messages),
    html: mailHtml(messages, chart === null ? null : 'cid:chart'),
    attachments:
      chart === null ? [] : [{ filename: 'chart.png', content: chart, contentType: 'image/png', cid: 'chart' }],
    headers: { 'X-Tidewatch-Notification': notification.id, 'Auto-Submitted': 'auto-generated' },
    // What a title says is never a file to read or an address to fetch.
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

/** The mailbox of an address with or without a name, so that two ways to write one are the same. */
function mailbox(address: string): string {
  const bare = /<([^<>]*)>\s*$/.exec(address)?.[1] ?? address;
  const [, local = bare, domain = ''] = /^(.*)@([^@]*)$/.exec(bare.trim()) ?? [];
  return `${local}@${domainToASCII(domain) || domain}`.toLowerCase();
}

/** RFC 5321 4.2.1: 4xx may work later, 5xx never; without a code the server was not reached. */
const isForGood = ({ responseCode = 0 }: Pick<NodemailerError, 'responseCode'>): boolean => responseCode >= 500;

/** What the server said, on one line and without the password. */
function saidBy(error: unknown, { password }: Settings): string {
  const said = (error instanceof Error ? error.message : String(error)).replace(/\s+/g, ' ').slice(0, 300);
  return password === undefined ? said : said.replaceAll(password, '[secret]');
}

function asNotifyError(
  thrown: unknown,
  notifier: string,
  values: Settings,
  owed: readonly string[] = [],
): TidewatchError {
  const refused = isForGood(thrown as NodemailerError);
  const alone = owed.length === 0 ? '' : ` for ${owed.join(', ')}`;
  const message = `${notifier}: ${values.host}${alone}: ${saidBy(thrown, values)}`;
  return new TidewatchError(refused ? 'notify.rejected' : 'notify.unavailable', message, {
    ...(refused && { hint: 'Check the account, the sender and the receivers; then tidewatch notify replay.' }),
  });
}

export const email = defineComponent({
  name: 'email',
  summary: 'Sends mail by SMTP: text, HTML and the chart, in one or both languages.',
  settings,
  create(values, context): Notifier {
    const { host, port, security, username, password, timeout_ms } = values;
    if (security === 'none' && password !== undefined && !LOOPBACK.test(host)) {
      throw new TidewatchError('config.invalid', `${context.name}: the password would go to ${host} in clear`, {
        hint: 'Set security to starttls or tls.',
      });
    }
    const transport = createTransport({
      host,
      port,
      secure: security === 'tls',
      requireTLS: security === 'starttls',
      ignoreTLS: security === 'none',
      ...(username !== undefined && { auth: { user: username, pass: password ?? '' } }),
      connectionTimeout: timeout_ms,
      greetingTimeout: timeout_ms,
      socketTimeout: timeout_ms,
      disableFileAccess: true,
      disableUrlAccess: true,
    });

    /** Resolves to what was said of each whom the server did not take. */
    async function sendTo(notification: Notification, to: readonly string[]): Promise<readonly NodemailerError[]> {
      const envelope = { from: values.from, to: [...to] };
      const { rejectedErrors = [] } = await transport.sendMail({ ...mailOf(notification, values), envelope });
      return rejectedErrors;
    }

    /** Those of who is owed a message that the settings name still; who was taken out is not mailed any more. */
    function stillNamed(id: string, owed: readonly string[]): readonly string[] {
      const named = new Set(values.to.map(mailbox));
      const [left, gone] = [true, false].map((is) => owed.filter((receiver) => named.has(mailbox(receiver)) === is));
      if (gone !== undefined && gone.length > 0)
        context.log.warn(`${context.name}: ${gone.join(', ')} left the settings and is not told of ${id}`);
      return left ?? [];
    }

    /** Names in the log who is refused for good; those who were put off, if any. */
    function putOffAmong(id: string, refusals: readonly NodemailerError[]): PutOff | undefined {
      for (const one of refusals.filter(isForGood)) {
        context.log.warn(
          `${context.name}: ${one.recipient ?? ''} is not told of ${id}: ${host}: ${saidBy(one, values)}`,
        );
      }
      const waiting = refusals.filter((one) => !isForGood(one));
      if (waiting.length === 0) return undefined;
      const receivers = waiting.map(({ recipient = '' }) => recipient);
      return { receivers, error: asNotifyError(waiting[0], context.name, values, receivers) };
    }

    return {
      async send(notification, owed) {
        try {
          const to = owed === undefined ? values.to : stillNamed(notification.id, owed);
          return to.length === 0 ? undefined : putOffAmong(notification.id, await sendTo(notification, to));
        } catch (error) {
          const { rejectedErrors } = error as NodemailerError;
          // All who are left were refused, and of each is said why. Where nobody has the mail yet, it is not sent.
          if (owed !== undefined && rejectedErrors !== undefined) return putOffAmong(notification.id, rejectedErrors);
          throw asNotifyError(error, context.name, values, owed);
        }
      },
      async close() {
        try {
          transport.close();
        } catch (error) {
          context.log.debug(toTidewatchError(error).message);
        }
      },
    };
  },
});
