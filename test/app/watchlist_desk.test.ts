/** The watchlist through the API and on disk: looked at, tried on documents, kept, taken up, and refused where it would be wrong. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { liveNames, namesOf } from '../../app/names.ts';
import { createWatchlistDesk } from '../../app/watchlist_desk.ts';
import { withEntry } from '../../app/watchlist_text.ts';
import { watchedEntitySchema, type WatchedEntity } from '../../core/watched_entity.ts';
import { parseWatchlist } from '../../ingest/watchlist.ts';
import type {
  AuditAnswer,
  WatchlistAnswer,
  WatchlistEntryAnswer,
  WatchlistPreviewAnswer,
} from '../../dashboards/contract.ts';
import { startApi, type ApiServer } from '../dashboards/api_server.ts';
import { gbk } from '../ingest/gbk.ts';

const TOKENS = [
  { name: 'Rita', role: 'reader', token: 'rita-reads-the-news' },
  { name: 'Anna', role: 'analyst', token: 'anna-judges-alerts' },
  { name: 'Odo', role: 'admin', token: 'odo-sees-the-audit' },
];
const folder = mkdtempSync(join(tmpdir(), 'tidewatch-watchlist-'));
const [own, shared] = [join(folder, 'own.yaml'), join(folder, 'shared.yaml')];
const OWN = `# Ours.
entities:
  # The bank.
  - id: norvale_bank
    name: Norvale Bank
    kind: company
    aliases: ['Norvale'] # short
  - { id: halcyon, name: 'Halcyon Motors', kind: company, parent: cars }
  - { id: cars, name: Cars, kind: sector }
`;
const names = liveNames(namesOf([]));
let taken: readonly WatchedEntity[] = [];
let api: ApiServer;
let url: string;

beforeAll(async () => {
  api = await startApi();
  writeFileSync(shared, 'entities:\n  - { id: other_one, name: Another One, kind: company }\n');
  const watchlist = createWatchlistDesk({
    paths: [shared, own],
    watch(watched, next) {
      taken = watched;
      names.exchange(next);
    },
  });
  url = (await api.serve({ tokens: TOKENS }, { watchlist })).address();
}, 120_000);
beforeEach(() => writeFileSync(own, OWN));
afterAll(async () => {
  await api.close();
  rmSync(folder, { recursive: true, force: true });
});

async function ask(
  path: string,
  body?: object,
  token = TOKENS[1]?.token,
): Promise<{ status: number; answer: unknown }> {
  const response = await fetch(`${url}/api${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${token}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: response.status, answer: (await response.json()) as unknown };
}

const entryOf = async (id: string): Promise<WatchlistEntryAnswer> =>
  (await ask(`/watchlist/${id}`)).answer as WatchlistEntryAnswer;

describe('the watchlist by the API', () => {
  it('lists who is watched and where, for analysts; a reader may not ask', async () => {
    const answer = (await ask('/watchlist?q=NORV')).answer as WatchlistAnswer;
    expect(answer).toMatchObject({ total: 1, entries: [{ id: 'norvale_bank', file: 1 }] });
    expect(answer.files).toEqual([
      { name: 'shared.yaml', writable: true },
      { name: 'own.yaml', writable: true },
    ]);
    expect((await ask('/watchlist', undefined, TOKENS[0]?.token)).status).toBe(403);
  });

  it('says what an alias would find, with counts and examples, and keeps nothing', async () => {
    const { entry } = await entryOf('norvale_bank');
    const before = readFileSync(own, 'utf8');
    const changed = { ...entry, aliases: [...entry.aliases, 'Quillmere'] };
    const answer = (await ask('/watchlist/norvale_bank/preview', { entry: changed })).answer as WatchlistPreviewAnswer;
    expect(answer.documents).toBeGreaterThan(500);
    expect(answer.before).toBeGreaterThan(10);
    const words = api.opinions.filter(({ document }) => /quillmere/i.test(`${document.title} ${document.text}`)).length;
    expect(answer.after - answer.before).toBeGreaterThan(0);
    expect(answer.after - answer.before).toBeLessThanOrEqual(words);
    expect(answer.gained.length).toBeGreaterThan(0);
    for (const { surface } of answer.gained) expect(surface).toMatch(/quillmere/i);
    expect(answer.kept[0]?.surface).toMatch(/Norvale/);
    expect(readFileSync(own, 'utf8')).toBe(before);
  });

  it('shows apart where an ambiguous name stands and does not count', async () => {
    const { entry } = await entryOf('norvale_bank');
    const changed = { ...entry, ambiguous: ['the'] };
    const answer = (await ask('/watchlist/norvale_bank/preview', { entry: changed })).answer as WatchlistPreviewAnswer;
    expect(answer.doubtful.documents).toBeGreaterThan(10);
    expect(answer.doubtful.examples[0]?.surface.toLowerCase()).toBe('the');
    expect(answer.after).toBeLessThan(answer.doubtful.documents + answer.after);
  });

  it('keeps a change in its file without touching another line, and this process looks for it at once', async () => {
    const { entry, version } = await entryOf('norvale_bank');
    const changed = { ...entry, name_zh: '诺维银行', aliases: ['Norvale', 'NVB'] };
    const kept = await ask('/watchlist/norvale_bank', { entry: changed, version });
    expect(kept).toMatchObject({ status: 200, answer: { change: 'changed', file: 'own.yaml' } });
    const lines = (text: string): string[] => text.split('\n');
    const text = readFileSync(own, 'utf8');
    expect(lines(text).filter((line) => lines(OWN).includes(line))).toEqual(
      lines(OWN).filter((line) => !/^ {4}|id: norvale/.test(line)),
    );
    expect(text).toContain("    name_zh: '诺维银行'\n    kind: 'company'\n    aliases: ['Norvale', 'NVB']");
    expect(readFileSync(`${own}.before`, 'utf8')).toBe(OWN);
    expect(taken.find(({ id }) => id === 'norvale_bank')?.aliases).toEqual(['Norvale', 'NVB']);
    expect(names.entity('norvale_bank')).toEqual({ en: 'Norvale Bank', zh: '诺维银行' });
    expect(names.entitiesIn('A word about NVB today')).toEqual(['norvale_bank']);
    const answer = (await ask('/audit?operation=saveEntry', undefined, TOKENS[2]?.token)).answer as AuditAnswer;
    expect(answer.changes[0]).toMatchObject({ actor: 'Anna', target: 'norvale_bank' });
    expect(answer.changes[0]?.detail).toContain('NVB');
  });

  it('adds and removes, and the names of a sector follow', async () => {
    const entry = { id: 'tern', name: 'Tern Air', kind: 'company', parent: 'cars' };
    expect((await ask('/watchlist/tern', { entry, version: null })).answer).toMatchObject({ change: 'added' });
    expect(names.parents.get('tern')).toBe('cars');
    const { version } = await entryOf('tern');
    expect((await ask('/watchlist/tern/remove', { version })).answer).toMatchObject({ change: 'removed' });
    expect(names.parents.has('tern')).toBe(false);
    expect((await ask('/watchlist/tern')).status).toBe(404);
  });

  it('gives back what was written, and nothing of the environment or of files', async () => {
    const { entry, version } = await entryOf('norvale_bank');
    const changed = { ...entry, aliases: ['${HOME}', '${NO_SUCH_VARIABLE_诺维}'] };
    expect((await ask('/watchlist/norvale_bank', { entry: changed, version })).status).toBe(200);
    expect((await entryOf('norvale_bank')).entry.aliases).toEqual(changed.aliases);
    expect(taken.find(({ id }) => id === 'norvale_bank')?.aliases).toEqual(changed.aliases);
  });

  it('leaves a file as it is that another program saved in GBK, and says so', async () => {
    const bytes = gbk(OWN.replace("'Norvale'", "'诺维银行'"));
    writeFileSync(own, bytes);
    const entry = { id: 'new_one', name: 'A New One', kind: 'company' };
    const refused = { status: 409, answer: { detail: 'own.yaml is not UTF-8 (it looks like GBK); save it as UTF-8' } };
    expect(await ask('/watchlist/new_one', { entry, version: null })).toMatchObject(refused);
    expect(await ask('/watchlist')).toMatchObject(refused);
    expect(readFileSync(own).equals(bytes)).toBe(true);
  });

  it('refuses what is not of its form, an id that is taken, a sector that is none, and a change of what has changed', async () => {
    const { entry, version } = await entryOf('norvale_bank');
    const before = readFileSync(own, 'utf8');
    const refused = async (path: string, body: object): Promise<number> => (await ask(path, body)).status;
    expect(await refused('/watchlist/norvale_bank', { entry: { ...entry, aliasses: [] }, version })).toBe(422);
    expect(await refused('/watchlist/norvale_bank', { entry: { ...entry, id: 'another' }, version })).toBe(422);
    expect(await refused('/watchlist/other_one', { entry: { ...entry, id: 'other_one' }, version: null })).toBe(409);
    expect(await refused('/watchlist/norvale_bank', { entry, version: 'of long ago' })).toBe(409);
    expect(await refused('/watchlist/norvale_bank', { entry: { ...entry, parent: 'nosuch' }, version })).toBe(422);
    const cars = await entryOf('cars');
    expect(await refused('/watchlist/cars/remove', { version: cars.version })).toBe(422);
    expect(readFileSync(own, 'utf8')).toBe(before);
  });
});

describe('an entry of a list in flow form', () => {
  const bank = watchedEntitySchema.parse({ id: 'bank', name: 'No: Bank', name_zh: '诺维银行', kind: 'company' });
  const isFound = (text: string): void =>
    expect(parseWatchlist(text, 'list.yaml')).toEqual([bank, expect.objectContaining({ id: 'cars' })]);

  it('is changed in its place, and every other byte stays', () => {
    const rest = `,
  { id: cars, name: Cars, kind: sector } # and 汽车
]
`;
    const text = withEntry(`# Ours.\nentities: [\n  { id: bank, name: Bank, kind: company }${rest}`, bank);
    expect(text.startsWith('# Ours.\nentities: [\n  {')).toBe(true);
    expect(text.endsWith(rest)).toBe(true);
    isFound(text);
  });

  it('is JSON still where the file is JSON', () => {
    const json = JSON.stringify({ entities: [{ id: 'bank', name: 'Bank', kind: 'company' }, { id: 'cars', name: 'Cars', kind: 'sector' }] }, null, 2); // prettier-ignore
    const text = withEntry(json, bank);
    expect(JSON.parse(text)).toMatchObject({ entities: [{ name_zh: '诺维银行' }, { id: 'cars' }] });
    isFound(text);
  });
});
