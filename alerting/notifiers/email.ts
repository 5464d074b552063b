/**
 * Alerts by mail over SMTP (nodemailer): plain text and HTML with the chart inline. The Message-ID is made of the
 * notification's id, and messages of one group answer its first, so that a mail program shows an incident as one thread.
 * All that comes from outside is escaped; nothing is loaded from elsewhere when the mail is opened.
 *
 * A server may take a mail for some of its receivers only. Who is refused for good is named in the log. Who is put off (greylisting, a full
 * mailbox) is owed the mail, and the next try goes to them alone; debts are kept in memory, so after a restart all get it again, under
 * the same Message-ID. Rejected: one message a receiver in the queue (a hundred of them for one alert, each with its own claim).
 * Sources: RFC 5321 (reply codes), RFC 5322 (Message-ID, References), RFC 2392 (cid).
 */
import { createTransport, type NodemailerError } from 'nodemailer';
import { z } from 'zod';
import { defineComponent } from '../../core/component.ts';
import { TidewatchError, toTidewatchError } from '../../core/errors.ts';
import { stableId } from '../../core/event.ts';
import { chartPng } from '../chart_png.ts';
import { mailHtml, mailText } from '../mail_text.ts';
import { cut, languageSetting, messagesOf } from '../message.ts';
import { leadOf, type Notification } from '../notification.ts';
import type { Notifier } from '../notifier.ts';

/** The group's later messages wait behind a debt, so it does not last for ever: greylisting asks for minutes. */
const OWED_FOR_MS = 15 * 60_000;
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

/** What remains of a mail that others have already: who is owed it, since when (epoch milliseconds). */
interface Debt {
  readonly to: readonly string[];
  readonly since: number;
}

/** RFC 5321 4.2.1: 4xx may work later, 5xx never; without a code the server was not reached. */
const isForGood = ({ responseCode = 0 }: Pick<NodemailerError, 'responseCode'>): boolean => responseCode >= 500;

/** What the server said, on one line and without the password. */
function saidBy(error: unknown, { password }: Settings): string {
  const said = (error instanceof Error ? error.message : String(error)).replace(/\s+/g, ' ').slice(0, 300);
  return password === undefined ? said : said.replaceAll(password, '[secret]');
}

function asNotifyError(thrown: unknown, notifier: string, values: Settings): TidewatchError {
  const refused = isForGood(thrown as NodemailerError);
  const message = `${notifier}: ${values.host}: ${saidBy(thrown, values)}`;
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
    /** By notification. */
    const debts = new Map<string, Debt>();

    /** Sends to those who are owed it, or to all; resolves to what was said of each whom the server did not take. */
    async function sendTo(notification: Notification, debt: Debt | undefined): Promise<readonly NodemailerError[]> {
      const envelope = { from: values.from, to: [...(debt?.to ?? values.to)] };
      try {
        const { rejectedErrors = [] } = await transport.sendMail({ ...mailOf(notification, values), envelope });
        return rejectedErrors;
      } catch (error) {
        const { rejectedErrors } = error as NodemailerError;
        // Others have it already, so a refusal of all that are left is about them, not about the mail.
        if (debt !== undefined && rejectedErrors !== undefined) return rejectedErrors;
        throw asNotifyError(error, context.name, values);
      }
    }

    return {
      async send(notification) {
        const { id } = notification;
        const debt = debts.get(id);
        const refusals = await sendTo(notification, debt);
        const since = debt?.since ?? context.clock.now();
        const isOverdue = context.clock.now() - since >= OWED_FOR_MS;
        const putOff = isOverdue ? [] : refusals.filter((one) => !isForGood(one));
        for (const one of refusals) {
          if (putOff.includes(one)) continue;
          context.log.warn(`${context.name}: ${one.recipient} is not told of ${id}: ${host}: ${saidBy(one, values)}`);
        }
        debts.delete(id);
        if (putOff.length === 0) return;
        const to = putOff.map(({ recipient = '' }) => recipient);
        debts.set(id, { to, since });
        const message = `${context.name}: ${host} put off ${to.join(', ')}: ${saidBy(putOff[0], values)}`;
        throw new TidewatchError('notify.unavailable', message);
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
