/** What people do about alerts, seen on the page by those who did not do it: silences, acknowledgements, who may do what, where one goes from there. */
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { AlertsPage, SilencesAnswer } from '../../dashboards/contract.ts';
import { hasChromium, startDesk, type Desk } from './desk.ts';
import { fits, picture, violationsOf } from './page_checks.ts';

const ANNA = { name: 'Anna Li', role: 'analyst', token: 'anna-judges-alerts' };
const RITA = { name: 'Rita', role: 'reader', token: 'rita-reads-the-news' };

describe.skipIf(!hasChromium)('an alert that people see to', () => {
  let desk: Desk;
  beforeAll(async () => {
    desk = await startDesk({ settings: { tokens: [ANNA, RITA] } });
  }, 240_000);
  afterAll(() => desk.close(), 60_000);
  afterEach(() => desk.clear());

  const idOf = (entity: string): string =>
    desk.alerts.find(({ series }) => series.entity === entity)?.alert_id ?? 'none of it';
  const silences = async (): Promise<SilencesAnswer['silences']> =>
    ((await desk.ask('/silences?expired=true', { token: ANNA.token })).body as SilencesAnswer).silences;
  const silence = (body: object = {}): Promise<{ status: number }> =>
    desk.ask('/silences', {
      token: ANNA.token,
      body: { author: 'x', matchers: ['entity="norvale_bank"'], duration_secs: 7_200, comment: 'earnings', ...body },
    });
  const endAll = async (): Promise<void> => {
    for (const { id, state } of await silences())
      if (state !== 'expired') await desk.ask(`/silences/${id}/expire`, { token: ANNA.token, body: { author: 'x' } });
  };
  afterEach(endAll);
  const openAlert = (query: string, token: string, options: object = {}): Promise<Page> =>
    desk.open(`${query}#/alert/${idOf('norvale_bank')}`, { token, reducedMotion: 'reduce', ...options });

  it('says after a reload that it is silenced, until when and by whom, and is heard again when somebody ends that', async () => {
    const page = await openAlert('?lang=en', ANNA.token);
    await page.getByRole('button', { name: 'Silence for 7 days' }).click();
    await page.locator('.toast', { hasText: 'Silenced for 7 days.' }).waitFor();
    await page.reload();
    const line = page.locator('.silences li');
    await line.waitFor();
    expect(await line.textContent()).toMatch(/Silenced until .+ by Anna Li/);
    expect(await violationsOf(page)).toEqual([]);
    await picture(page, 'alert-silenced');
    await line.getByRole('button', { name: 'End the silence' }).click();
    await line.waitFor({ state: 'detached' });
    expect((await silences())[0]?.state).toBe('expired');
  }, 120_000);

  it('takes a silence back by what the page says about it', async () => {
    const page = await openAlert('?lang=zh', ANNA.token);
    await page.getByRole('button', { name: '静默 1 天' }).click();
    await page.locator('.silences li', { hasText: '由 Anna Li 设置' }).waitFor();
    await page.locator('.toast').getByRole('button', { name: '撤销' }).click();
    await page.getByText('静默已结束，恢复通知。').waitFor();
    await page.locator('.silences li').waitFor({ state: 'detached' });
    expect((await silences())[0]?.state).toBe('expired');
  }, 120_000);

  it.each([
    ['en', 1440, /Silenced until /, /Acknowledged by Anna Li /, 'Silences (2)', 'End the silence'],
    ['zh', 390, /静默至 /, /Anna Li 已于 .+ 确认/, '静默（2）', '结束静默'],
  ] as const)(
    'tells in the list, in %s at %d px, who looks after it, and lists every silence with its end',
    async (lang, width, silenced, acknowledged, heading, end) => {
      await silence();
      await silence({ matchers: ['entity="nobody_of_whom_there_is_an_alert"'], comment: 'before the launch' });
      await desk.ask(`/alerts/${idOf('norvale_bank')}/acknowledge`, { token: ANNA.token, body: { author: 'x' } });
      const page = await desk.open(`?lang=${lang}`, {
        token: ANNA.token,
        viewport: { width, height: 900 },
        reducedMotion: 'reduce',
      });
      const name = lang === 'en' ? 'Norvale Bank' : '诺维银行';
      const row = page.locator('.alert', { hasText: name });
      await row.waitFor();
      expect(await row.locator('.alert-line').textContent()).toMatch(silenced);
      expect(await row.locator('.alert-line').textContent()).toMatch(acknowledged);
      expect(await page.locator('.alert .badge.silenced').count()).toBe(1);
      await page.getByText(heading).click();
      await page.locator('.silences', { hasText: 'before the launch' }).waitFor();
      expect(await violationsOf(page)).toEqual([]);
      expect(await fits(page)).toBe(true);
      await picture(page, `alerts-silenced-${lang}`);
      await page.locator('.silences').getByRole('button', { name: end }).first().click();
      await page.locator('.active-silences summary', { hasText: '1' }).waitFor();
      expect((await silences()).filter(({ state }) => state === 'active')).toHaveLength(1);
    },
    120_000,
  );

  it.each([
    ['en', 'Verdicts', 'This needs a token of the role analyst.'],
    ['zh', '评价', '需要“分析师”角色的令牌。'],
  ])(
    'offers a reader in %s nothing that the server would refuse',
    async (lang, verdicts, why) => {
      await silence();
      const page = await openAlert(`?lang=${lang}`, RITA.token);
      await page.getByRole('heading', { name: verdicts, exact: true }).waitFor();
      await page.getByText(why).waitFor();
      await page.locator('.silences li').waitFor();
      await page.keyboard.press('1');
      await page.keyboard.press('a');
      expect(await page.locator('main button').allTextContents()).toEqual([]);
      expect(await page.locator('.toast').count()).toBe(0);
      expect(await violationsOf(page)).toEqual([]);
      await picture(page, `alert-reader-${lang}`);
    },
    120_000,
  );

  it('says in the reader’s language what a token does not reach', async () => {
    const page = await desk.open(`?lang=zh#/document/${desk.opinions[5]?.document.id ?? ''}`, { token: RITA.token });
    await page.locator('.correction .segments button.neutral').click();
    const toast = page.locator('.toast');
    await toast.waitFor();
    expect(await toast.textContent()).toBe('未能保存。 需要“分析师”角色的令牌。');
  }, 120_000);

  it('leads to its company, to what was said in its window and to the question why, and by [ and ] to the alerts beside it', async () => {
    const page = await openAlert('?lang=en', ANNA.token);
    const links = page.locator('.series-links');
    await links.locator('a.next-alert, a.previous-alert').first().waitFor();
    expect(await links.getByRole('link', { name: 'Company page' }).getAttribute('href')).toBe('#/entity/norvale_bank');
    const why = decodeURIComponent((await links.getByRole('link', { name: 'Ask why' }).getAttribute('href')) ?? '');
    expect(why).toMatch(/^#\/find\/Why is Norvale Bank negative since \d+ \w+ \d{4}\?$/);
    const asked = '/alerts?last_secs=1209600&limit=200';
    const order = ((await desk.ask(asked, { token: ANNA.token })).body as AlertsPage).alerts.map(
      ({ alert_id }) => alert_id,
    );
    const at = order.indexOf(idOf('norvale_bank'));
    const [key, beside] = at + 1 < order.length ? [']', order[at + 1]] : ['[', order[at - 1]];
    await page.keyboard.press(key);
    await page.waitForURL(`**/#/alert/${beside ?? ''}`.replace('/#', '/?lang=en#'));
    await page.locator('.series-links a').first().waitFor();
    await page.goBack();
    await links.getByRole('link', { name: 'Opinions of this window' }).click();
    await page.waitForSelector('.opinion');
    const window = desk.alerts.find(({ alert_id }) => alert_id === idOf('norvale_bank'))?.evidence;
    const { searchParams } = new URL(page.url());
    expect([searchParams.get('list_from'), searchParams.get('list_to')]).toEqual([
      window?.window_start,
      window?.window_end,
    ]);
    expect(await page.locator('.opinion').count()).toBeGreaterThan(3);
    expect(searchParams.get('entity')).toBe('norvale_bank');
  }, 120_000);

  it('lets who came by a token sign out again', async () => {
    const page = await desk.open('?lang=en', { token: RITA.token });
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.waitForURL(`${desk.address()}/login`);
    await page.goto(`${desk.address()}/`);
    await page.getByLabel('Token').waitFor();
  }, 120_000);
});
