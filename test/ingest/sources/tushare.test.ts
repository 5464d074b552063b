import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeSourceContract } from '../../contracts/source.ts';
import { eventually, hastyClock, openWorkbench, type Workbench } from '../workbench.ts';
import { openApi, sendJson } from './api_server.ts';

const TOKEN = 'a-token-of-tushare-0123456789';

interface Asked {
  readonly api_name: string;
  readonly token: string;
  readonly params: { readonly src: string; readonly start_date: string; readonly end_date: string };
}

interface News {
  readonly src?: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly content: string;
  readonly title?: string;
}

/** api.tushare.pro as documented: one POST for all, the answer's code inside, times of Beijing, newest first. */
async function openTushare() {
  const news: News[] = [];
  const asked: Asked[] = [];
  const state = { garbage: null as string | null, refuses: null as string | null, rows: [] as unknown[][] };
  const beijing = (at: number): string => new Date(at + 8 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ');
  const api = await openApi(({ body }, response) => {
    const question = JSON.parse(body) as Asked;
    asked.push(question);
    if (state.garbage !== null) {
      response.end(state.garbage);
      state.garbage = null;
      return;
    }
    if (question.token !== TOKEN) {
      sendJson(response, { code: 2002, msg: '抱歉，您没有访问该接口的权限', data: null });
      return;
    }
    const { src, start_date, end_date } = question.params;
    const found = news
      .filter((one) => (one.src ?? 'cls') === src && beijing(one.at) >= start_date && beijing(one.at) <= end_date)
      .toSorted((a, b) => b.at - a.at)
      .map(({ at, content, title }) => [beijing(at), content, title ?? null]);
    sendJson(response, {
      request_id: 'x',
      code: src === state.refuses ? -2001 : 0,
      msg: src === state.refuses ? '参数错误' : '',
      data: { fields: ['datetime', 'content', 'title'], items: [...state.rows.splice(0), ...found], has_more: false },
    });
  });
  return { ...api, news, asked, state, settings: { type: 'tushare', name: 'flash', url: api.url, token: TOKEN } };
}

describeSourceContract('tushare', async () => {
  const origin = await openTushare();
  return {
    settings: origin.settings,
    offer: async (items) => {
      for (const { text, time } of items) origin.news.push({ at: Date.parse(time), content: text });
    },
    offerGarbage: async () => {
      origin.state.garbage = '<html>';
      origin.state.rows.push(['yesterday', 'x', null]);
    },
    fail: async (isFailing) => origin.fail(isFailing),
    close: origin.close,
  };
});

describe('a tushare source', { timeout: 60_000 }, () => {
  let bench: Workbench;
  let origin: Awaited<ReturnType<typeof openTushare>>;
  beforeEach(async () => {
    bench = await openWorkbench();
    origin = await openTushare();
  });
  afterEach(async () => {
    await bench.close();
    await origin.close();
  });

  it('asks each outlet for the last hours, in Beijing time, and reads its flashes as Chinese news', async () => {
    const at = Math.floor(Date.now() / 1000) * 1000 - 60_000;
    origin.news.push(
      { at, content: '【茅台三季度净利下滑】公司今日公告。', src: 'cls' },
      { at, content: '央行开展逆回购', title: '央行', src: 'sina' },
    );
    await bench.start({ sources: [{ ...origin.settings, outlets: ['cls', 'sina'] }] });
    const documents = await bench.documents(2);
    expect(documents[0]).toMatchObject({
      language: 'zh',
      source: 'cls',
      source_class: 'news',
      published_at: new Date(at).toISOString(),
      published_at_estimated: false,
    });
    const { src, start_date, end_date } = origin.asked[0]?.params ?? { src: '', start_date: '', end_date: '' };
    expect(src).toBe('cls');
    const spoken = (text: string) => Date.parse(`${text.replace(' ', 'T')}+08:00`);
    expect(Math.abs(spoken(end_date) - Date.now())).toBeLessThan(20_000);
    expect(spoken(end_date) - spoken(start_date)).toBe(120 * 60_000);
  });

  it('makes good a downtime hour by hour, up to its limit, and counts what is left out', async () => {
    let shift = -29.5 * 3_600_000;
    const clock = { now: () => Date.now() + shift, sleep: hastyClock.sleep };
    const stage = await bench.start({ sources: [origin.settings] }, { clock });
    await eventually(() => origin.asked.length >= 2);
    await stage.stop();
    shift = 0;
    for (const hours of [29, 20, 5])
      origin.news.push({ at: Date.now() - hours * 3_600_000, content: `${hours} 小时前的消息` });
    await bench.start({ sources: [{ ...origin.settings, max_backlog_hours: 24 }] }, { clock });
    expect((await bench.documents(2)).map(({ text }) => text)).toEqual(['20 小时前的消息', '5 小时前的消息']);
    expect(await bench.metric('tidewatch_documents_skipped_total', { reason: 'backlog' })).toBe(6);
  });

  it('reads the outlets behind one that fails, and says which one that is', async () => {
    origin.state.refuses = 'yuncaijing';
    origin.news.push({ at: Date.now() - 60_000, content: '茅台今日大跌', src: 'yicai' });
    const stage = await bench.start({ sources: [{ ...origin.settings, outlets: ['cls', 'yuncaijing', 'yicai'] }] });
    expect((await bench.documents(1))[0]).toMatchObject({ source: 'yicai', text: '茅台今日大跌' });
    await eventually(() => stage.health()[0]?.status === 'failing');
    expect(stage.health()[0]?.reason).toMatch(/Tushare refuses yuncaijing \(code -2001\): 参数错误/);
  });

  it('says which permission is missing, and shows no token', async () => {
    const stage = await bench.start({ sources: [{ ...origin.settings, token: 'another-token-without-rights' }] });
    await eventually(() => stage.health()[0]?.status === 'failing');
    expect(stage.health()[0]?.reason).toMatch(/没有访问.*permission for news/);
    expect(JSON.stringify([bench.lines, stage.health()])).not.toContain('another-token-without-rights');
  });
});
