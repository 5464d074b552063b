/**
 * No secret is ever shown. Known ones are planted in every setting that holds one, a real process is run with them and
 * asked all kinds of wrong things, and everything that it wrote and answered is searched.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { COMPONENTS, settingRows } from '../../app/components.ts';
import { settingsSchema } from '../../app/config.ts';
import { explainError } from '../../core/errors.ts';
import { hideSecretsIn, isSecretName, withoutSecrets } from '../../core/secret.ts';
import { REPOSITORY, run } from '../end_to_end/program.ts';
import { makeCertificates } from '../kafka_certificates.ts';
import { openTelltaleBroker, openTelltaleClickHouse } from './telltale_servers.ts';
import { freePort } from '../free_port.ts';

const folder = mkdtempSync(join(tmpdir(), 'tidewatch-secrets-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const FROM_SOURCE = { cli: join(REPOSITORY, 'app/cli.ts'), env: { NODE_OPTIONS: '--import tsx' } };
const planted = (what: string): string => `planted-${what}-"5ecret`;
const formsOf = (secret: string): string[] => [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)];

describe('secrets', () => {
  it('are known by the name of their setting, all that there are', () => {
    const rows = [
      ...settingRows(settingsSchema),
      ...Object.values(COMPONENTS).flatMap((components) => components.flatMap(({ settings }) => settingRows(settings))),
    ];
    const telling = rows.filter(({ name, type, description }) => {
      const first = description.split(/[.;]/)[0] ?? '';
      return (
        !name.endsWith('_url') &&
        /string/.test(type) &&
        /\b(secret|password|token|salt|credential)s?\b/i.test(first) &&
        !/file|address|url/i.test(first)
      );
    });
    expect(telling.length).toBeGreaterThan(10);
    const unknown = telling.filter(({ name }) => !isSecretName(name.split('.').at(-1) ?? ''));
    expect(unknown.map(({ name, description }) => `${name}: ${description}`)).toEqual([]);
  });

  it('are taken out of texts as they are, in JSON and in addresses, and words are left alone', () => {
    hideSecretsIn({ a: { more_tokens: ['first "one"'] }, url: 'https://me:pass%20word@host/x', name: 'harmless' });
    expect(withoutSecrets('first "one"|first \\"one\\"|first%20%22one%22|pass word|harmless')).toBe(
      '***|***|***|***|harmless',
    );
    expect(explainError(new Error('the library said first "one"'))).not.toContain('one');
    for (const user of ['', 'a', 'ab', 'abc', 'абв']) {
      for (const form of ['base64', 'base64url'] as const) {
        const header = Buffer.from(`${user}:first "one"`).toString(form);
        const left = Buffer.from(withoutSecrets(`Basic ${header}`).replace('Basic ', '').replace('***', ''), form);
        expect(withoutSecrets(header)).toContain('***');
        expect([header, left.toString().includes('irst')]).toEqual([header, false]);
      }
    }
  });

  it('are in no line and no answer of a process that has them everywhere', { timeout: 180_000 }, async () => {
    const [page, door, clickhouse] = [await freePort(), await freePort(), await freePort()];
    const secrets = {
      token: planted('page'),
      named: planted('named'),
      posted: planted('posted'),
      more: planted('more'),
      salt: planted('salt'),
      password: planted('clickhouse'),
      webhook: `whsec_${Buffer.from('planted webhook 5ecret of 32 byte').toString('base64')}`,
      slack: 'https://hooks.example/services/planted-slack-5ecret',
      mail: planted('mail'),
    };
    const settings = {
      data_dir: join(folder, 'data'),
      log: { level: 'debug', format: 'json' },
      ingest: {
        author_salt: secrets.salt,
        sources: [{ type: 'http', port: door, token: secrets.posted, more_tokens: [secrets.more] }],
      },
      alerting: {
        notifiers: [
          { type: 'webhook', url: 'http://127.0.0.1:9/hook', secret: secrets.webhook },
          { type: 'slack', webhook_url: secrets.slack },
          {
            type: 'email',
            host: '127.0.0.1',
            username: 'me',
            password: secrets.mail,
            from: 'a@b.example',
            to: ['c@d.example'],
          },
        ],
      },
      dashboards: {
        port: page,
        failed_sign_ins_per_minute: 1_000,
        token: secrets.token,
        tokens: [{ name: 'Anna', role: 'analyst', token: secrets.named }],
        clickhouse_http: { port: clickhouse, password: secrets.password },
      },
    };
    const file = join(folder, 'settings.yaml');
    // JSON is YAML.
    writeFileSync(file, JSON.stringify(settings));
    const program = run(['up', '--config', file, '--role', 'ingest,alerting,dashboards'], FROM_SOURCE);
    let answers = '';
    const ask = async (address: string, options: RequestInit = {}): Promise<number> => {
      const response = await fetch(address, options);
      answers += `${response.status} ${JSON.stringify([...response.headers])} ${await response.text()}\n`;
      return response.status;
    };
    try {
      await program.seen(/The page is at/, 120_000);
      const [api, tokens] = [`http://127.0.0.1:${page}`, Object.values(secrets)];
      for (const token of tokens) {
        const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'x-request-id': token };
        await ask(`${api}/api/status?wrong=${encodeURIComponent(token)}`, { headers });
        await ask(`${api}/api/silences`, { method: 'POST', headers, body: JSON.stringify({ comment: token }) });
        await ask(`${api}/api/alerts/${encodeURIComponent(token)}`, { headers });
        await ask(`${api}/login`, {
          method: 'POST',
          body: new URLSearchParams({ token: `${token}x` }),
          redirect: 'manual',
        });
        await ask(`http://127.0.0.1:${door}/documents`, { method: 'POST', headers, body: `{"text": ${token}` });
        const basic = `Basic ${Buffer.from(`reader:${token}`).toString('base64')}`;
        await ask(`http://127.0.0.1:${clickhouse}/?query=SELEC`, { headers: { authorization: basic } });
      }
      expect(await ask(`${api}/api/audit`, { headers: { authorization: `Bearer ${secrets.token}` } })).toBe(200);
      await ask(`${api}/metrics`, { headers: { authorization: `Bearer ${secrets.token}` } });
      await ask(`http://127.0.0.1:${clickhouse}/`, {
        method: 'POST',
        body: 'SELECT * FROM default.audit',
        headers: { 'x-clickhouse-user': 'reader', 'x-clickhouse-key': secrets.password },
      });
      expect(answers).toContain('the audit log is not open to readers');
    } finally {
      program.child.kill('SIGTERM');
      await program.exited;
    }
    const all = program.output() + answers;
    expect(program.output()).toContain('A request was refused');
    for (const [name, secret] of Object.entries(secrets)) {
      expect(
        formsOf(secret).filter((form) => all.includes(form)),
        name,
      ).toEqual([]);
    }
  });

  it('are not in what a process says that ClickHouse and Kafka refuse, and tell of', { timeout: 180_000 }, async () => {
    const certificates = await makeCertificates(folder);
    const broker = await openTelltaleBroker(
      readFileSync(certificates.brokerStore),
      readFileSync(certificates.brokerStore),
    );
    const server = await openTelltaleClickHouse();
    const secrets = { sasl: planted('sasl'), key: planted('key'), store: planted('store') };
    const sealed = join(folder, 'sealed.key');
    const recipe = [
      'pkey',
      '-in',
      certificates.client.key,
      '-aes256',
      '-passout',
      `pass:${secrets.key}`,
      '-out',
      sealed,
    ];
    execFileSync('openssl', recipe);
    const tls = {
      ca_file: certificates.authority,
      certificate_file: certificates.client.certificate,
      key_file: sealed,
      key_password: secrets.key,
    };
    const sasl = { mechanism: 'plain', username: 'tide', password: secrets.sasl };
    const kafka = { type: 'kafka', brokers: [`127.0.0.1:${broker.port}`], tls, sasl };
    const clickhouse = { type: 'clickhouse', url: `http://127.0.0.1:${server.port}`, password: secrets.store };
    let all = '';
    try {
      for (const [name, settings] of Object.entries({ kafka: { stream: kafka }, clickhouse: { store: clickhouse } })) {
        const file = join(folder, `${name}.yaml`);
        const own = { data_dir: join(folder, name), log: { level: 'debug', format: 'json' }, ...settings };
        writeFileSync(file, JSON.stringify(own));
        const program = run(['up', '--config', file, '--role', 'alerting'], FROM_SOURCE);
        expect([name, await program.exited]).toEqual([name, 1]);
        all += program.output();
      }
    } finally {
      await broker.close();
      await server.close();
    }
    // They were given the right ones, and what they said of it was shown, but for the secrets.
    expect(broker.heard()).toContain(secrets.sasl);
    expect(server.heard()).toContain(secrets.store);
    expect(all).toContain('wrong:  tide ***');
    expect(all).toContain('Authentication failed for default:***');
    const keyLines = [sealed, certificates.client.key].flatMap((path) =>
      readFileSync(path, 'utf8')
        .split('\n')
        .filter((line) => line.length > 30 && !line.startsWith('-----')),
    );
    expect(keyLines.length).toBeGreaterThan(3);
    const asBasic = Buffer.from(`default:${secrets.store}`).toString('base64');
    for (const shown of [...Object.values(secrets).flatMap(formsOf), ...keyLines, asBasic])
      expect(all).not.toContain(shown);
  });

  it('are not in what a refused settings file says', () => {
    const file = join(folder, 'wrong.yaml');
    const token = 'sh0rt-5ecret';
    writeFileSync(file, JSON.stringify({ dashboards: { token, tokens: [{ name: '', token }], port: token } }));
    const { stderr, status } = spawnSync(process.execPath, ['--import', 'tsx', 'app/cli.ts', 'check', file], {
      cwd: REPOSITORY,
      encoding: 'utf8',
    });
    expect(status).toBe(1);
    expect(stderr).toContain('dashboards.token');
    expect(stderr).not.toContain(token);
  });
});
