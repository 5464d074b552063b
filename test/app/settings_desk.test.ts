/** The settings file through the API and on disk: shown without secrets, checked as `tidewatch check` does, kept only where it is right. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readSettings } from '../../app/config.ts';
import { QUICKSTART } from '../../app/package_root.ts';
import { createSettingsDesk } from '../../app/settings_desk.ts';
import { withMarks, withSecrets } from '../../app/settings_text.ts';
import type { AuditAnswer, SettingsCheckAnswer, SettingsFileAnswer } from '../../dashboards/contract.ts';
import { startApi, type ApiServer } from '../dashboards/api_server.ts';
import { gbk } from '../ingest/gbk.ts';

const TOKENS = [
  { name: 'Anna', role: 'analyst', token: 'anna-judges-alerts' },
  { name: 'Odo', role: 'admin', token: 'odo-sees-the-audit' },
];
const folder = mkdtempSync(join(tmpdir(), 'tidewatch-settings-'));
const path = join(folder, 'tidewatch.yaml');
const SECRETS = [
  'a-page-token-of-ours',
  `whsec_${Buffer.from('a secret of thirty-two bytes, ok').toString('base64')}`,
  'pa55word-in-address',
];
const TEXT = `# Ours; edit with care.
dashboards:
  port: 8080
  tokens:
    - { name: odo, role: admin, token: "${SECRETS[0]}" } # of Odo
  token: '\${PAGE_TOKEN}'
alerting:
  notifiers:
    - type: webhook
      url: https://alerts.example.com/in
      secret: ${SECRETS[1]}
store:
  type: clickhouse
  url: http://tide:${SECRETS[2]}@store.example.com:8123
`;
let api: ApiServer;
let url: string;

beforeAll(async () => {
  process.env['PAGE_TOKEN'] = 'from-the-environment';
  api = await startApi();
  writeFileSync(path, TEXT);
  const settingsFile = createSettingsDesk({ path, running: readSettings(path) });
  url = (await api.serve({ tokens: TOKENS }, { settingsFile })).address();
}, 120_000);
beforeEach(() => writeFileSync(path, TEXT));
afterAll(async () => {
  delete process.env['PAGE_TOKEN'];
  await api.close();
  rmSync(folder, { recursive: true, force: true });
});

async function ask(way: string, body?: object, token = TOKENS[1]?.token): Promise<{ status: number; answer: unknown }> {
  const response = await fetch(`${url}/api${way}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${token}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: response.status, answer: await response.json() };
}
const shown = async (): Promise<SettingsFileAnswer> => (await ask('/settings')).answer as SettingsFileAnswer;

describe('the settings file by the API', () => {
  it('is shown to administrators only, with marks in the place of secrets and references as they are', async () => {
    const file = await shown();
    expect(file).toMatchObject({ file: 'tidewatch.yaml', locked: null });
    for (const secret of SECRETS) expect(file.text).not.toContain(secret);
    expect(file.text).toContain('# Ours; edit with care.');
    expect(file.text).toContain("token: '${PAGE_TOKEN}'");
    expect(file.text.match(/\*\*\*kept \d, \w+\*\*\*/g)).toHaveLength(3);
    expect((await ask('/settings', undefined, TOKENS[0]?.token)).status).toBe(403);
  });

  it('is checked with place and nearest name, without a word of a secret', async () => {
    const { text } = await shown();
    const wrong = text.replace('port: 8080', 'prot: 8080').replace('type: webhook', 'type: webhok');
    const { answer } = await ask('/settings/check', { text: wrong });
    const { problems } = answer as SettingsCheckAnswer;
    expect(problems.map(({ line }) => line)).toEqual(expect.arrayContaining([3, 9]));
    const said = problems.map(({ message }) => message).join('\n');
    expect(said).toContain('did you mean port?');
    expect(said).toContain('did you mean webhook?');
    for (const secret of SECRETS) expect(JSON.stringify(answer)).not.toContain(secret);
    const broken = await ask('/settings/check', { text: `${text}\n  - [` });
    expect((broken.answer as SettingsCheckAnswer).problems).toHaveLength(1);
    expect(JSON.stringify(broken.answer)).not.toContain(SECRETS[0]);
  });

  it('is kept with its secrets and a copy of what was before, says what needs a restart, and leaves a row of who', async () => {
    const { text, version } = await shown();
    const changed = text.replace('port: 8080', 'port: 8099');
    const { status, answer } = await ask('/settings', { text: changed, version });
    expect(status).toBe(200);
    expect(answer).toMatchObject({
      backup: 'tidewatch.yaml.before',
      changed: [{ section: 'dashboards', takes: 'restart' }],
    });
    expect(readFileSync(path, 'utf8')).toBe(TEXT.replace('port: 8080', 'port: 8099'));
    expect(readFileSync(`${path}.before`, 'utf8')).toBe(TEXT);
    const audit = (await ask('/audit?operation=saveSettings')).answer as AuditAnswer;
    expect(audit.changes[0]).toMatchObject({ actor: 'Odo', detail: '{"changed":["dashboards"]}' });
  });

  it('says that a changed data_dir takes a restart, unless the command line said which', async () => {
    const running = readSettings(path);
    const elsewhere = `data_dir: ${join(folder, 'elsewhere')}\n${TEXT}`;
    const desk = createSettingsDesk({ path, running });
    expect((await desk.check(elsewhere)).changed).toEqual([{ section: 'data_dir', takes: 'restart' }]);
    expect((await desk.check(TEXT)).changed).toEqual([]);
    const given = createSettingsDesk({ path, running, dataDir: running.data_dir });
    expect((await given.check(elsewhere)).changed).toEqual([]);
  });

  it('is refused where it is wrong, where it was changed meanwhile, and where a mark was moved', async () => {
    const { text, version } = await shown();
    const refused = async (next: string, of = version): Promise<number> =>
      (await ask('/settings', { text: next, version: of })).status;
    expect(await refused(text.replace('port: 8080', 'port: high'))).toBe(422);
    expect(await refused(text, 'of-long-ago')).toBe(409);
    const mark = /'\*\*\*kept 1, token\*\*\*'/.exec(text)?.[0] ?? expect.fail('There is no first mark.');
    expect(await refused(text.replace('https://alerts.example.com/in', mark))).toBe(422);
    expect(await refused(`${text}# ${mark}\n`)).toBe(422);
    expect(readFileSync(path, 'utf8')).toBe(TEXT);
  });

  it('is told not to be UTF-8 where another program saved it so, and left as it is', async () => {
    const { text, version } = await shown();
    const bytes = gbk(`${TEXT}# 请勿改动\n`);
    writeFileSync(path, bytes);
    const refused = {
      status: 409,
      answer: { detail: 'tidewatch.yaml is not UTF-8 (it looks like GBK); save it as UTF-8' },
    };
    expect(await ask('/settings')).toMatchObject(refused);
    expect(await ask('/settings', { text, version })).toMatchObject(refused);
    expect(readFileSync(path).equals(bytes)).toBe(true);
  });

  it('is not to be changed where it comes with the package, or holds a secret in a comment', async () => {
    const running = readSettings(path);
    expect((await createSettingsDesk({ path: QUICKSTART, running }).show()).locked).toBe('bundled');
    writeFileSync(path, `${TEXT}# was ${SECRETS[0]}\n`);
    const file = await shown();
    expect(file.locked).toBe('secret_in_text');
    expect(file.text).not.toContain(SECRETS[0]);
    expect((await ask('/settings', { text: file.text, version: file.version })).status).toBe(409);
  });
});

describe('marks', () => {
  it('come and go without another byte changing, also within lists and flow maps', () => {
    expect(withSecrets(withMarks(TEXT), TEXT)).toBe(TEXT);
    const list = 'ingest:\n  more_tokens: [abcdefgh, "ijklmnop"] # two\n';
    expect(withMarks(list)).not.toMatch(/abcdefgh|ijklmnop/);
    expect(withSecrets(withMarks(list), list)).toBe(list);
  });

  it.each([
    ['literal', 'dashboards:\n  token: |\n    abcdefghijkl\n    mnop\n  port: 80\n'],
    ['folded', 'dashboards:\n  token: >-\n    abcdefghijkl\n    mnop\n\n  port: 80\n'],
    ['with a comment and blank lines kept', 'dashboards:\n  token: |+ # ours\n    abcdefghijkl\n\n\n  port: 80\n'],
    ['with the line ends of Windows', 'dashboards:\r\n  token: |\r\n    abcdefghijkl\r\n  port: 80\r\n'],
    ['at the end of the file', 'dashboards:\n  port: 80\n  token: |\n    abcdefghijkl'],
  ])('take the place of a block, %s, and leave a file that can be read', (_, text) => {
    const shown = withMarks(text);
    expect(shown).not.toMatch(/abcdef|mnop/);
    expect(parse(shown)).toEqual({ dashboards: { token: '***kept 1, token***', port: 80 } });
    expect(withSecrets(shown, text)).toBe(text);
  });
});
