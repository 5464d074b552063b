import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { email, mailOf } from '../../alerting/notifiers/email.ts';
import type { Context } from '../../core/component.ts';
import type { TidewatchError } from '../../core/errors.ts';
import { alertOf, contextFor, documentOf, listeningLog, notificationWith } from './alerts.ts';

interface Mailbox {
  readonly port: number;
  readonly mails: { from: string; to: string[]; source: string }[];
  close(): Promise<void>;
}

async function openMailbox(options: Partial<SMTPServerOptions> = {}): Promise<Mailbox> {
  const mails: Mailbox['mails'] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    allowInsecureAuth: true,
    onAuth: (auth, _, done) =>
      auth.username === 'tide' && auth.password === 'pass word' ? done(null, { user: 'tide' }) : done(new Error('no')),
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope;
        mails.push({
          from: mailFrom === false ? '' : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          source: Buffer.concat(chunks).toString(),
        });
        done();
      });
    },
    ...options,
  });
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  return {
    port: (server.server.address() as AddressInfo).port,
    mails,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** Decoded bodies of the parts of a MIME message, by content type. */
function partsOf(source: string): Map<string, string> {
  const parts = new Map<string, string>();
  for (const piece of source.split(/\r\n--[^\r\n]+\r\n/)) {
    const end = piece.indexOf('\r\n\r\n');
    const head = piece.slice(0, end);
    const type = /Content-Type: ([\w/+-]+)/i.exec(head)?.[1] ?? '';
    const encoding = /Content-Transfer-Encoding: ([\w-]+)/i.exec(head)?.[1] ?? '7bit';
    const body = piece.slice(end + 4);
    if (type.startsWith('multipart/')) continue;
    const bytes =
      encoding === 'base64'
        ? Buffer.from(body, 'base64')
        : Buffer.from(
            encoding === 'quoted-printable'
              ? body
                  .replace(/=\r\n/g, '')
                  .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))
              : body,
            encoding === 'quoted-printable' ? 'latin1' : 'utf8',
          );
    parts.set(type, bytes.toString('utf8'));
  }
  return parts;
}

describe('email', () => {
  let mailbox: Mailbox | undefined;
  const closers: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0)) await close();
    await mailbox?.close();
    mailbox = undefined;
  });

  async function mailer(settings: object = {}, surroundings: Partial<Context> = {}) {
    const context = { ...contextFor('email'), ...surroundings };
    const values = email.settings.parse({
      host: '127.0.0.1',
      port: mailbox?.port ?? 1,
      security: 'none',
      from: 'Tidewatch <alerts@tide.example>',
      to: ['desk@tide.example', 'risk@tide.example'],
      timeout_ms: 2000,
      ...settings,
    });
    const notifier = await email.create(values, context);
    closers.push(async () => {
      await notifier.close?.();
      await context.close();
    });
    return notifier;
  }

  const failure = async (send: Promise<unknown>): Promise<TidewatchError> =>
    send.then(
      () => {
        throw new Error('It did not fail.');
      },
      (error: unknown) => error as TidewatchError,
    );

  it('sends text and HTML in both languages, to all receivers, by a login', async () => {
    mailbox = await openMailbox({ authOptional: false });
    const notifier = await mailer({ username: 'tide', password: 'pass word' });
    await notifier.send(notificationWith());
    const [mail] = mailbox.mails;
    expect(mail?.from).toBe('alerts@tide.example');
    expect(mail?.to).toEqual(['desk@tide.example', 'risk@tide.example']);
    const parts = partsOf(mail?.source ?? '');
    for (const type of ['text/plain', 'text/html']) {
      const text = parts.get(type) ?? '';
      expect(text).toContain('18 negative stories in 8 h');
      expect(text).toContain('8小时内18条负面报道');
      expect(text).toContain('Norvale halts withdrawals');
      expect(text).toContain('https://tide.example/?alert=1');
    }
    expect(mail?.source).toMatch(/^Subject: =\?UTF-8\?/m);
    expect(mail?.source).toMatch(/Content-Id: <chart>/i);
    expect(parts.get('text/html')).toContain('src="cid:chart"');
    expect(parts.get('image/png')?.slice(1, 4)).toBe('PNG');
  });

  it('makes one thread of a group, and gives the same mail the same Message-ID', () => {
    const values = { from: 'a@tide.example', to: ['b@tide.example'], language: 'en' as const };
    const first = mailOf(notificationWith(), values);
    const second = mailOf(notificationWith([alertOf({ state: 'resolved', revision: 3 })]), values);
    expect(mailOf(notificationWith(), values).messageId).toBe(first.messageId);
    expect(second.messageId).not.toBe(first.messageId);
    expect(second.references).toBe(first.references);
  });

  it('escapes what strangers wrote, and links only to the web', () => {
    const title = '<img src=x onerror=alert(1)>"\r\nBcc: all@evil.example';
    const alert = alertOf({
      name: title,
      documents: [documentOf({ title, url: 'javascript:alert(1)' }), documentOf({ url: 'https://example.com/"><b>' })],
    });
    const mail = mailOf(notificationWith([alert]), { from: 'a@b.example', to: ['c@d.example'], language: 'both' });
    expect(mail.html).not.toContain('<img src=x');
    expect(mail.html).not.toContain('javascript:');
    expect(mail.html).not.toContain('"><b>');
    expect(mail.subject).not.toMatch(/[\r\n]/);
  });

  it('is refused for good by a 5xx, may try again after a 4xx or when nobody listens, and shows no password', async () => {
    const reply = (code: number): Partial<SMTPServerOptions> => ({
      onRcptTo: (_, __, done) => done(Object.assign(new Error('not now: pass word'), { responseCode: code })),
    });
    for (const [code, retryable] of [
      [550, false],
      [451, true],
    ] as const) {
      mailbox = await openMailbox(reply(code));
      const notifier = await mailer({ username: 'tide', password: 'pass word' });
      const error = await failure(notifier.send(notificationWith()));
      expect([error.code, error.retryable]).toEqual([retryable ? 'notify.unavailable' : 'notify.rejected', retryable]);
      expect(`${error.message} ${String(error.cause)}`).not.toContain('pass word');
      await mailbox.close();
    }
    const notifier = await mailer();
    expect((await failure(notifier.send(notificationWith()))).retryable).toBe(true);
    mailbox = undefined;
  });

  describe('where the server takes it for some receivers only', () => {
    /** A server that answers RCPT TO of risk@ with `code`, 0 to take it. */
    async function openChoosy() {
      const choosy = { code: 451 };
      mailbox = await openMailbox({
        onRcptTo({ address }, _, done) {
          if (choosy.code === 0 || !address.startsWith('risk@')) return done();
          done(Object.assign(new Error('mailbox of pass word'), { responseCode: choosy.code }));
        },
      });
      const { log, warnings } = listeningLog();
      const notifier = await mailer({ username: 'tide', password: 'pass word' }, { log });
      return { choosy, mails: mailbox.mails, warnings, notifier };
    }
    const RISK = ['risk@tide.example'];

    it('names who was refused for good in the log, and is sent', async () => {
      const { choosy, mails, warnings, notifier } = await openChoosy();
      choosy.code = 550;
      expect(await notifier.send(notificationWith())).toBeUndefined();
      expect(mails.map(({ to }) => to)).toEqual([['desk@tide.example']]);
      expect(warnings).toEqual([expect.stringMatching(/risk@tide\.example is not told of .*550/)]);
      expect(warnings[0]).not.toContain('pass word');
    });

    it('says who was put off, and why, and sends the same mail to them alone when asked to', async () => {
      const { choosy, mails, warnings, notifier } = await openChoosy();
      const putOff = await notifier.send(notificationWith());
      expect(putOff).toMatchObject({ receivers: RISK, error: { code: 'notify.unavailable', retryable: true } });
      expect(putOff?.error.message).toMatch(/for risk@tide\.example: .*451/);
      expect(putOff?.error.message).not.toContain('pass word');
      expect(await notifier.send(notificationWith(), RISK)).toMatchObject({ receivers: RISK });
      choosy.code = 0;
      expect(await notifier.send(notificationWith(), RISK)).toBeUndefined();
      expect(mails.map(({ to }) => to)).toEqual([['desk@tide.example'], RISK]);
      // The same mail: both receivers stand above it, under one id.
      for (const head of [/^To: .*/m, /^Message-ID: .*/m]) {
        expect(head.exec(mails[1]?.source ?? '')?.[0]).toBe(head.exec(mails[0]?.source ?? '')?.[0]);
      }
      expect(mails[1]?.source).toMatch(/^To: .*desk@tide\.example/m);
      expect(warnings).toEqual([]);
    });

    it('owes nobody who left the settings meanwhile, by however the address is written', async () => {
      const { choosy, mails, warnings, notifier } = await openChoosy();
      choosy.code = 0;
      expect(await notifier.send(notificationWith(), ['gone@tide.example'])).toBeUndefined();
      expect([mails, warnings]).toEqual([[], [expect.stringMatching(/gone@tide\.example left the settings/)]]);
      await notifier.send(notificationWith(), ['Risk@TIDE.example', 'gone@tide.example']);
      expect(mails.map(({ to }) => to)).toHaveLength(1);
    });

    it('names who is refused for good later, and whom it was for when the server is not reached', async () => {
      const { choosy, warnings, notifier } = await openChoosy();
      choosy.code = 550;
      expect(await notifier.send(notificationWith(), RISK)).toBeUndefined();
      expect(warnings).toEqual([expect.stringMatching(/risk@tide\.example is not told of .*550/)]);
      await mailbox?.close();
      mailbox = undefined;
      const error = await failure(notifier.send(notificationWith(), RISK));
      expect([error.retryable, error.message]).toEqual([true, expect.stringContaining('for risk@tide.example')]);
    });
  });

  it('is refused a wrong password for good', async () => {
    mailbox = await openMailbox({ authOptional: false });
    const error = await failure((await mailer({ username: 'tide', password: 'wrong' })).send(notificationWith()));
    expect([error.code, error.retryable]).toEqual(['notify.rejected', false]);
    expect(error.message).not.toContain('wrong');
  });

  it('does not go on in clear where encryption was asked for', async () => {
    mailbox = await openMailbox();
    const error = await failure((await mailer({ security: 'starttls' })).send(notificationWith()));
    expect(error.code).toMatch(/^notify\./);
    expect(mailbox.mails).toEqual([]);
    const context = contextFor('email');
    closers.push(context.close);
    const values = email.settings.parse({
      host: 'mail.example.com',
      security: 'none',
      username: 'u',
      password: 'p',
      from: 'a@b.example',
      to: ['c@d.example'],
    });
    expect(() => email.create(values, context)).toThrow(/in clear/);
  });
});
