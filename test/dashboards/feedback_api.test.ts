/** Feedback by the API and the command, over a real store and server. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeTraining } from '../../app/commands/feedback.ts';
import { createReplayClock } from '../../core/clock.ts';
import { createLogger } from '../../core/log.ts';
import { createMetrics } from '../../core/metrics.ts';
import type { FeedbackRow, TrainingRow } from '../../core/feedback.ts';
import { removeFromStore } from '../../core/store/removal.ts';
import type { Store } from '../../core/store/store.ts';
import { modelText } from '../../core/text.ts';
import type {
  AlertRow,
  AlertsAnswer,
  DocumentAnswer,
  ExplainAnswer,
  FeedbackAnswer,
  OpinionsAnswer,
  StoryDocumentsAnswer,
} from '../../dashboards/contract.ts';
import { createDashboards, type Dashboards } from '../../dashboards/server.ts';
import { dashboardsSettings } from '../../dashboards/settings.ts';
import { sampleAlerts, sampleOpinions } from './sample.ts';
import { storeOf } from './stored.ts';

const END = Date.parse('2026-03-16T00:00:00.000Z');
const TOKEN = 'a token of some length';
const folder = mkdtempSync(join(tmpdir(), 'tidewatch-feedback-'));
const log = createLogger({ level: 'silent', format: 'json' });
const clock = createReplayClock(END);
const opinions = sampleOpinions(END);
const alerts = sampleAlerts(END, opinions);
const [first, second, third] = opinions.map(({ document }) => document.id) as [string, string, string];
const alertId = alerts[0]?.alert_id ?? '';
let asked = 0;
let store: Store;
let server: Dashboards;
let plain: Dashboards;

beforeAll(async () => {
  store = await storeOf(join(folder, 'store'), opinions, alerts);
  const shared = {
    store,
    metrics: createMetrics(),
    log,
    clock,
    signal: new AbortController().signal,
    sources: () => [],
    names: (id: string) => ({ en: id, zh: id }),
    version: 'test',
    model: () => null,
    webFolder: folder,
  };
  server = createDashboards(dashboardsSettings.parse({ port: 0, token: TOKEN }), {
    ...shared,
    explain: async (text) => {
      asked += 1;
      const words = [{ word: text.slice(0, 3), start: 0, end: 3, weight: 1 }];
      return { label: 'negative', probability: 0.9, method: 'exact', text, words, model: 'tiny@1' };
    },
  });
  plain = createDashboards(dashboardsSettings.parse({ port: 0 }), shared);
  await Promise.all([server.start(), plain.start()]);
}, 60_000);
afterAll(async () => {
  await Promise.all([server.stop(), plain.stop()]);
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

const authorization = `Bearer ${TOKEN}`;

async function post(path: string, body: unknown, headers: Record<string, string> = {}) {
  const answer = await fetch(`${server.address()}/api${path}`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  const { feedback, detail } = (await answer.json()) as { feedback?: FeedbackRow; detail?: string };
  return { status: answer.status, row: feedback, id: feedback?.id ?? '', message: detail ?? '' };
}

async function get<Answer>(path: string, status = 200, address = server.address()): Promise<Answer> {
  const answer = await fetch(`${address}/api${path}`, { headers: { authorization } });
  expect(answer.status, path).toBe(status);
  return (await answer.json()) as Answer;
}

const correction = (author: string, value: string, document_id = first) => ({
  author,
  kind: 'sentiment',
  document_id,
  value,
});

describe('feedback on documents', () => {
  it("keeps who corrected what and when beside the model's label; the latest word of each person stands", async () => {
    const said = await post('/feedback', correction('Priya', 'positive'));
    const model = opinions[0]?.sentiment;
    expect(said.status).toBe(201);
    expect(said.row).toMatchObject({ author: 'Priya', via: 'api', value: 'positive', model_value: model });
    // In the same millisecond: the later one stands all the same.
    await post('/feedback', correction('Priya', 'neutral'));
    await post('/feedback', correction('Wei', 'negative'));
    const { feedback } = await get<FeedbackAnswer>(`/feedback?document_id=${first}`);
    expect(feedback.map(({ author, value }) => `${author} ${value}`).toSorted()).toEqual([
      'Priya neutral',
      'Wei negative',
    ]);
    expect((await get<FeedbackAnswer>(`/feedback?document_id=${first}&history=true`)).feedback).toHaveLength(3);
    const page = await get<OpinionsAnswer>('/opinions?limit=200&from=2026-01-01T00:00:00Z&to=2027-01-01T00:00:00Z');
    expect(page.opinions.every((row) => Array.isArray(row.feedback))).toBe(true);
    expect((await get<DocumentAnswer>(`/documents/${first}`)).feedback).toHaveLength(2);
  });

  it('takes back by a new row, only what stands and only for who said it', async () => {
    const { id } = await post('/feedback', { author: 'Wei', kind: 'topic', document_id: second, value: 'Earnings' });
    expect((await post(`/feedback/${id}/undo`, { author: 'Priya' })).message).toContain('somebody else');
    const undone = await post(`/feedback/${id}/undo`, { author: 'Wei' });
    expect([undone.status, undone.row?.takes_back]).toEqual([201, id]);
    expect((await get<FeedbackAnswer>(`/feedback?document_id=${second}`)).feedback).toEqual([]);
    expect((await get<FeedbackAnswer>(`/feedback?document_id=${second}&history=true`)).feedback).toHaveLength(2);
    expect((await post(`/feedback/${id}/undo`, { author: 'Wei' })).message).toContain('does not stand');
    expect((await post('/feedback/nosuch/undo', { author: 'Wei' })).status).toBe(404);
  });

  it('writes training rows: the text that the model reads, corrected labels, a pseudonym, the time', async () => {
    clock.advanceTo(END + 60_000);
    await post('/feedback', { author: 'Priya', kind: 'entities', document_id: third, value: ['b', 'a', 'b'] });
    await post('/feedback', correction('Priya', 'negative', third));
    const door = {
      get: <Answer>(path: string) => get<Answer>(path),
      post: () => Promise.reject(new Error('not asked')),
      close: () => Promise.resolve(),
    };
    const file = join(folder, 'rows.jsonl');
    expect(await writeTraining(door, '2026-03-16T00:01:00.000Z', file)).toBe(1);
    const [row] = readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as TrainingRow);
    expect(row).toMatchObject({
      id: third,
      sentiment: 'negative',
      entities: ['a', 'b'],
      at: '2026-03-16T00:01:00.001Z',
    });
    expect(row?.text).toBe(modelText(opinions[2]?.document.title ?? null, opinions[2]?.document.text ?? ''));
    expect(row).not.toHaveProperty('topic');
    expect(row?.author).toMatch(/^[0-9a-f]{16}$/);
    expect(await writeTraining(door, null, file)).toBe(3);
  });

  it('forgets feedback with its document', async () => {
    await removeFromStore(store, [{ kind: 'document', values: [third], outlet: null }]);
    expect((await get<FeedbackAnswer>(`/feedback?document_id=${third}&history=true`)).feedback).toEqual([]);
  });

  it.each([
    ['a document that is not there', 404, correction('Wei', 'neutral', 'nosuch'), 'no such document'],
    [
      'an alert that is not there',
      404,
      { author: 'Wei', kind: 'verdict', alert_id: 'x', value: 'noise' },
      'no such alert',
    ],
    ['a label that is none', 422, correction('Wei', 'angry'), 'value'],
    ['nobody', 422, correction(' ', 'neutral'), 'say who you are'],
    ['an unknown field', 422, { ...correction('Wei', 'neutral'), weight: 9 }, 'weight'],
  ])('refuses %s', async (_, status, body, said) => {
    expect(await post('/feedback', body)).toMatchObject({ status, message: expect.stringContaining(said) as string });
  });

  it('takes nothing without the token, from a form, or from another site', async () => {
    const body = correction('Wei', 'neutral');
    expect((await post('/feedback', body, { authorization: 'Bearer wrong' })).status).toBe(401);
    expect((await post('/feedback', body, { 'content-type': 'text/plain' })).status).toBe(415);
    expect((await post('/feedback', body, { 'sec-fetch-site': 'cross-site' })).message).toContain('another site');
  });
});

describe('verdicts, stories, incidents and words', () => {
  it('shows a verdict with its reason on the alert, until it is taken back', async () => {
    const verdict = {
      author: 'Wei',
      kind: 'verdict',
      alert_id: alertId,
      value: 'late',
      reason: 'an hour after Reuters',
    };
    const { id } = await post('/feedback', verdict);
    expect((await get<AlertRow>(`/alerts/${alertId}`)).feedback).toMatchObject([
      { id, author: 'Wei', value: 'late', reason: 'an hour after Reuters' },
    ]);
    await post(`/feedback/${id}/undo`, { author: 'Wei' });
    expect((await get<AlertRow>(`/alerts/${alertId}`)).feedback).toEqual([]);
  });

  it('lists the alerts of an incident and the documents of a story, oldest first', async () => {
    const incident = alerts[0]?.incident ?? '';
    expect((await get<AlertsAnswer>(`/incidents/${incident}`)).alerts.map((alert) => alert.alert_id)).toEqual([
      alertId,
    ]);
    await get('/incidents/nosuch', 404);
    const story = opinions.find(({ document }) => document.novelty < 50)?.document.story ?? '';
    const { documents } = await get<StoryDocumentsAnswer>(`/stories/${story}/documents`);
    expect(documents.length).toBeGreaterThan(2);
    const times = documents.map((row) => row.published_at);
    expect(times).toEqual(times.toSorted());
    await get('/stories/nosuch/documents', 404);
  });

  it('explains a document word by word, once for the same text, and says so where there is no model', async () => {
    const answers = await Promise.all([1, 2].map(() => get<ExplainAnswer>(`/documents/${second}/explain`)));
    expect(answers[0]).toMatchObject({ label: 'negative', model: 'tiny@1' });
    expect(asked).toBe(1);
    await get('/documents/nosuch/explain', 404);
    const refused = await get<{ code: string }>(`/documents/${second}/explain`, 501, plain.address());
    expect(refused.code).toBe('model.missing');
  });
});
