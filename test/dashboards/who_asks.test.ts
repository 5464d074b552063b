/** Tokens with names: whose words are one's own, on the page (in a real browser) and in the API. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import { isoTime } from '../../core/event.ts';
import { classifierSettings } from '../../classifier/settings.ts';
import { learningOf } from '../../app/models.ts';
import type { QueueAnswer } from '../../dashboards/contract.ts';
import { hasChromium, startDesk, type Desk } from './desk.ts';

const ANNA = { name: 'Anna Li', role: 'analyst', token: 'anna-judges-alerts' };
const BO = { name: 'Bo', role: 'analyst', token: 'bo-judges-them-too' };
const RITA = { name: 'Rita', role: 'reader', token: 'rita-reads-the-news' };
/** What the browser remembers from before there were tokens. */
const TYPED = 'Somebody Else';

describe.skipIf(!hasChromium)('who sits at the desk, where tokens have names', () => {
  let desk: Desk;
  beforeAll(async () => {
    desk = await startDesk({
      settings: { tokens: [ANNA, BO, RITA] },
      dependencies: ({ store, folder }) => ({
        learning: learningOf(
          { data_dir: folder, classifier: classifierSettings.parse({}) },
          { store, clock: systemClock, reference: () => null },
        ),
      }),
    });
  }, 180_000);
  afterAll(() => desk.close(), 60_000);
  afterEach(() => desk.clear());

  const saidOn = async (target: string): Promise<string[]> =>
    (
      await desk.store.query<{ author: string; value: string }>(
        'SELECT author, value FROM feedback WHERE document_id = {target:String} OR alert_id = {target:String} ORDER BY at',
        { target },
      )
    ).map(({ author, value }) => `${author}: ${value === '' ? 'taken back' : value}`);
  const queueOf = async (token: string, author: string): Promise<string[]> => {
    const { body } = await desk.ask(`/learning/queue?author=${encodeURIComponent(author)}&limit=50`, { token });
    return (body as QueueAnswer).queue.map(({ document }) => document.document_id);
  };

  it('is told by the API: the name of the token, its role, and that it signs', async () => {
    expect((await desk.ask('/me', { token: ANNA.token })).body).toEqual({
      name: 'Anna Li',
      role: 'analyst',
      signed_in: true,
      signs: true,
    });
    expect((await desk.ask('/me')).status).toBe(401);
  });

  it('sees a correction as one’s own after a reload and takes it back, whatever name the browser remembers', async () => {
    const id = desk.opinions.find(({ sentiment }) => sentiment !== 'neutral')?.document.id ?? '';
    const page = await desk.open(`#/document/${id}`, { token: ANNA.token, person: TYPED });
    await page.locator('.correction .segments button.neutral').click();
    await page.locator('.corrections').getByText('Anna Li').waitFor();
    await page.reload();
    await page.locator('.corrections').getByRole('button', { name: 'Undo' }).click();
    await expect.poll(() => saidOn(id)).toEqual(['Anna Li: neutral', 'Anna Li: taken back']);
    await expect.poll(() => page.locator('.corrections').count()).toBe(0);
  }, 60_000);

  it('sees one’s own verdict as pressed after a reload, and a colleague’s not', async () => {
    const id = desk.alerts[0]?.alert_id ?? '';
    const page = await desk.open(`#/alert/${id}`, { token: ANNA.token, person: TYPED });
    await page.getByRole('button', { name: 'Noise', exact: true }).click();
    await expect.poll(() => saidOn(id)).toEqual(['Anna Li: noise']);
    await page.reload();
    await page.waitForSelector('.verdicts button.noise[aria-pressed="true"]');
    const other = await desk.open(`#/alert/${id}`, { token: BO.token, person: 'Anna Li' });
    await other.locator('.said').getByText('Anna Li').waitFor();
    expect(await other.locator('.verdicts [aria-pressed="true"]').count()).toBe(0);
    await page.locator('.verdict').getByRole('button', { name: 'Undo' }).click();
    await expect.poll(() => saidOn(id)).toEqual(['Anna Li: noise', 'Anna Li: taken back']);
  }, 60_000);

  it('is not asked for a name, labels as the token says, and takes the last label back', async () => {
    const page = await desk.open('#/label', { token: ANNA.token, ready: '.label-document' });
    const progress = page.locator('.label-progress');
    const since = isoTime(Date.now());
    await page.keyboard.press('1');
    await expect.poll(() => progress.textContent()).toContain('2 of 20');
    await page.keyboard.press('u');
    await expect.poll(() => progress.textContent()).toContain('1 of 20');
    const rows = (): Promise<{ author: string; value: string }[]> =>
      desk.store.query(`SELECT author, value FROM feedback WHERE at >= {since:DateTime64(3)} ORDER BY at`, {
        since: since.slice(0, -1),
      });
    await expect.poll(rows).toEqual([
      { author: 'Anna Li', value: 'negative' },
      { author: 'Anna Li', value: '' },
    ]);
  }, 60_000);

  it('is asked by the API what the token’s person has not labelled, whoever the question names', async () => {
    const [id = ''] = await queueOf(BO.token, 'Bo');
    await desk.ask('/feedback', {
      token: BO.token,
      body: { kind: 'sentiment', document_id: id, value: 'neutral', author: TYPED },
    });
    expect(await queueOf(BO.token, TYPED)).not.toContain(id);
    expect(await queueOf(ANNA.token, 'Bo')).toContain(id);
  });

  it('comes from a message of another site to the alert that its link names, signed in or after signing in', async () => {
    const id = desk.alerts[0]?.alert_id ?? '';
    const mail = 'http://mail.example/inbox';
    const link = `<a href="${desk.address()}/?lang=en#/alert/${id}">The alert</a>`;
    const page = await desk.open('', { token: ANNA.token });
    await page.route(mail, (route) => route.fulfill({ contentType: 'text/html', body: link }));
    await page.goto(mail);
    await page.getByRole('link').click();
    await page.waitForSelector('.steps li');

    await page.context().clearCookies();
    await page.goto(mail);
    await page.getByRole('link').click();
    await page.getByLabel('Token').fill('not a token');
    await page.keyboard.press('Enter');
    await page.getByText('That token is not right.').waitFor();
    await page.getByLabel('Token').fill(ANNA.token);
    await page.keyboard.press('Enter');
    await page.waitForSelector('.steps li');
    expect(page.url()).toBe(`${desk.address()}/?lang=en#/alert/${id}`);
  }, 60_000);

  it('offers a reader whose token may only read no place to type another name', async () => {
    const id = desk.opinions[5]?.document.id ?? '';
    const page = await desk.open(`#/document/${id}`, { token: RITA.token });
    await page.locator('.correction .segments button.neutral').click();
    await page.getByText('That was not saved.').waitFor();
    expect(await page.locator('dialog').count()).toBe(0);
    expect(await saidOn(id)).toEqual([]);
  }, 60_000);
});
