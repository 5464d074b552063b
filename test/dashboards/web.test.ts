import { describe, expect, it } from 'vitest';
import { shortAuthor } from '../../dashboards/web/author.ts';
import { changed, queryOf, readAddress, safeUrl, spanQuery, writeAddress } from '../../dashboards/web/address.ts';
import type { AlertRow, AlertsPage } from '../../dashboards/contract.ts';
import { opinionsQuery, overviewQuestions, seriesQuestions } from '../../dashboards/web/first_questions.ts';
import { MESSAGES } from '../../dashboards/web/i18n.ts';
import { isQuestion } from '../../dashboards/web/is_question.ts';
import { windowAddress } from '../../dashboards/web/alert_links.tsx';
import { listedAlerts } from '../../dashboards/web/more_alerts.ts';
import { matches, mergeRows } from '../../dashboards/web/opinion_list.ts';
import { changeOfShare, smoothShares, tendency } from '../../dashboards/web/shares.ts';
import { marksWithin } from '../../dashboards/web/tide_marks.ts';
import { topicName } from '../../dashboards/web/topics.ts';
import { TOPIC_NAMES_ZH } from '../../core/topics.ts';
import { resolveSpan, stepFor } from '../../dashboards/span.ts';
import { listRow } from './sample.ts';

describe('shares of small counts', () => {
  it('gives no share where there was silence, and does not take one post for a wave', () => {
    const silence = { documents: 0, negative: 0 };
    const quiet = { documents: 4, negative: 0 };
    const shares = smoothShares([
      silence,
      silence,
      silence,
      silence,
      { documents: 1, negative: 1 },
      silence,
      quiet,
      quiet,
    ]);
    expect(shares[0]).toBeNull();
    expect(shares[2]).toBeNull();
    expect(shares[4]).toBeNull();
    expect(shares[6]).toBeLessThan(0.1);
  });

  it('keeps a real wave nearly as high as it was', () => {
    const calm = { documents: 10, negative: 1 };
    const shares = smoothShares([calm, calm, { documents: 40, negative: 36 }, calm, calm]);
    expect(shares[2]).toBeGreaterThan(0.65);
  });

  it('compares only with a period that has enough documents', () => {
    const current = { documents: 50, negative: 25 };
    expect(changeOfShare(current, { documents: 9, negative_share: 0 })).toBeNull();
    expect(changeOfShare(current, { documents: 0, negative_share: null })).toBeNull();
    expect(changeOfShare(current, { documents: 10, negative_share: 0.3 })).toBeCloseTo(0.2);
    expect([tendency(0.2), tendency(-0.2), tendency(0.004), tendency(null)]).toEqual(['worse', 'better', '', '']);
  });
});

describe('the address of a view', () => {
  it('survives being written and read again', () => {
    const address = readAddress(
      '?range=7d&entity=norvale_bank&topic=M%26A+%7C+Investments&q=%E8%AF%BA%E7%BB%B4&lang=zh&alert=a1',
    );
    expect(readAddress(writeAddress(address))).toEqual(address);
    expect(address).toMatchObject({ range: '7d', topic: 'M&A | Investments', q: '诺维', lang: 'zh' });
    expect(writeAddress(readAddress(''))).toBe('');
  });

  it('leaves nonsense at its default', () => {
    expect(readAddress('?range=constructor&lang=xx&from=soon&to=later')).toEqual(readAddress(''));
    expect(readAddress('?from=2026-03-02T00:00:00Z&to=2026-03-01T00:00:00Z').from).toBeNull();
  });

  it('asks for a fixed span where one was chosen, for the last seconds otherwise', () => {
    expect(spanQuery(readAddress('?range=24h'))).toEqual({ last_secs: '86400' });
    const chosen = readAddress('?from=2026-03-01T00:00:00Z&to=2026-03-02T00:00:00Z');
    expect(queryOf(spanQuery(chosen))).toBe('from=2026-03-01T00%3A00%3A00.000Z&to=2026-03-02T00%3A00%3A00.000Z');
  });

  it('takes days as the reader’s own, the last one whole, and gives the API a zone', () => {
    const { from, to } = readAddress('?from=2026-11-20&to=2026-11-29');
    expect([from, to]).toEqual([new Date(2026, 10, 20).toISOString(), new Date(2026, 10, 30).toISOString()]);
    const day = readAddress('?list_from=2026-11-20&list_to=2026-11-20');
    expect([day.list_from, day.list_to]).toEqual([
      new Date(2026, 10, 20).toISOString(),
      new Date(2026, 10, 21).toISOString(),
    ]);
    const hours = readAddress('?from=2026-11-20T08:00&to=2026-11-20T09:00');
    expect(hours.from).toBe(new Date(2026, 10, 20, 8).toISOString());
    for (const query of [
      '?from=2026-13-45&to=2026-11-29',
      '?from=-000005-01-01&to=%2B012026-01-01',
      '?from=2026-11-20',
    ])
      expect(readAddress(query).from).toBeNull();
    const address = readAddress('?from=2026-11-20&to=2026-11-29');
    expect(readAddress(writeAddress(address))).toEqual(address);
  });

  it('lists one bar of the span until it is taken back or the span is another one', () => {
    const bar = { list_from: '2026-03-01T08:00:00.000Z', list_to: '2026-03-01T16:00:00.000Z' };
    const address = changed(readAddress('?range=7d&q=x'), bar);
    expect(readAddress(writeAddress(address))).toEqual(address);
    expect(opinionsQuery(address)).toContain('from=2026-03-01T08%3A00%3A00.000Z&to=2026-03-01T16%3A00%3A00.000Z&q=x');
    expect(overviewQuestions(address).timeline).toContain('last_secs=604800');
    expect(matches(listRow('a', '2026-03-01T12:00:00.000Z', { title: 'x' }), address, '')).toBe(true);
    expect(matches(listRow('a', '2026-03-01T16:00:00.000Z', { title: 'x' }), address, '')).toBe(false);
    expect(changed(address, { entity: 'a' }).list_from).toBe(bar.list_from);
    expect(changed(address, { range: '24h' }).list_from).toBeNull();
    expect(changed(address, { from: null, to: null }).list_to).toBeNull();
    expect(readAddress('?list_from=soon&list_to=later').list_from).toBeNull();
  });

  it('links only plain web addresses', () => {
    expect(safeUrl('https://example.com/a')).toBe('https://example.com/a');
    for (const url of [
      'javascript:alert(1)',
      ' JaVaScRiPt:alert(1)',
      'data:text/html,x',
      'file:///etc/passwd',
      'x',
      null,
    ]) {
      expect(safeUrl(url)).toBeNull();
    }
  });
});

describe('a question', () => {
  it.each([
    ['who is most negative', '谁最负面', '誰最負面'],
    ['which companies are most negative', '哪些公司最负面', '哪些公司最負面'],
    ['how is opinion lately', '最近舆情如何', '最近輿情如何'],
    ['when did it begin to fall', '何时开始下跌', '何時開始下跌'],
    ['is there anything negative', '是否有负面', '是否有負面'],
    ['are there negative news', '有没有负面消息', '有沒有負面消息'],
    ['what is thought of the Fed', '怎样看待美联储加息', '怎樣看待美聯儲加息'],
    ['why is it negative', '为什么业绩负面', '為什麼業績負面'],
    ['what happened', '怎么回事', '怎麼回事'],
    ['how many complaints', '有几条投诉', '有幾條投訴'],
    ['and Norvale?', '诺维银行呢', '諾維銀行呢？'],
  ])('is told from words to look for in both languages and writings: %s', (...texts) => {
    for (const text of texts) expect(isQuestion(text), text).toBe(true);
  });

  it('is not what only names something', () => {
    for (const text of ['Norvale', 'whatever works', '诺维银行', '負面', '哪吒汽车', '呢绒', '上市公司'])
      expect(isQuestion(text), text).toBe(false);
  });
});

describe('the list of opinions', () => {
  it('takes live what is written in the other Chinese signs than the words looked for', () => {
    const belongs = (text: string, q: string): boolean =>
      matches(listRow('a', '2026-03-01T12:00:00.000Z', { text }), readAddress(`?q=${q}`), '');
    expect(belongs('諾維銀行的存款戶', '诺维')).toBe(true);
    expect(belongs('诺维银行的存款户', '諾維')).toBe(true);
    expect(belongs('诺维银行的存款户', '海晏')).toBe(false);
  });

  it('merges newest first, and a newer label of a document replaces the older', () => {
    const older = [listRow('b', '2026-03-02T00:00:00.000Z'), listRow('a', '2026-03-01T00:00:00.000Z')];
    const newer = [
      listRow('c', '2026-03-03T00:00:00.000Z'),
      listRow('a', '2026-03-01T00:00:00.000Z', { sentiment: 'negative' }),
    ];
    const merged = mergeRows(newer, older);
    expect(merged.map((item) => item.document_id)).toEqual(['c', 'b', 'a']);
    expect(merged[2]?.sentiment).toBe('negative');
  });

  it('takes live only what belongs to the view', () => {
    const item = listRow('a', '2026-03-01T12:00:00.000Z');
    const belongs = (query: string, from = '2026-02-16T00:00:00.000Z'): boolean =>
      matches(item, readAddress(query), from);
    expect(belongs('?q=some+words')).toBe(true);
    expect(belongs('?q=other')).toBe(false);
    expect(belongs('?sentiment=negative')).toBe(false);
    expect(belongs('?from=2026-03-01T00:00:00Z&to=2026-03-02T00:00:00Z')).toBe(true);
    expect(belongs('?from=2026-03-02T00:00:00Z&to=2026-03-03T00:00:00Z')).toBe(false);
    expect(belongs('?range=24h', '2026-03-01T12:00:00.000Z')).toBe(true);
    expect(belongs('?range=24h', '2026-03-01T12:00:00.001Z')).toBe(false);
  });
});

describe('the alerts of a view', () => {
  const rows = (ids: string, state: AlertRow['state']): AlertRow[] =>
    ids.split('').map((alert_id) => ({ alert_id, state }) as AlertRow);
  const page = (alerts: AlertRow[], next_cursor: string | null): AlertsPage => ({ alerts, next_cursor });
  const older = { question: 'q', pages: 1, alerts: rows('cd', 'resolved'), next: null };

  it('are counted as firing at least so many where the last one that is here fires', () => {
    expect(listedAlerts(page(rows('abc', 'firing'), 'more'), 'q', null)).toMatchObject({
      firing: { count: 3, isLeast: true },
      more: true,
    });
    const all = [...rows('ab', 'firing'), ...rows('c', 'resolved')];
    expect(listedAlerts(page(all, 'more'), 'q', null).firing).toEqual({ count: 2, isLeast: false });
    expect(listedAlerts(page(rows('ab', 'firing'), null), 'q', null).firing).toEqual({ count: 2, isLeast: false });
  });

  it('go on with the pages behind, each once, and not with those of another question', () => {
    const first = page(rows('abc', 'firing'), 'more');
    const { alerts, more } = listedAlerts(first, 'q', older);
    expect(alerts.map(({ alert_id, state }) => `${alert_id} ${state}`)).toEqual([
      'a firing',
      'b firing',
      'c firing',
      'd resolved',
    ]);
    expect(more).toBe(false);
    expect(listedAlerts(first, 'other', older).alerts).toHaveLength(3);
    expect(listedAlerts(page(rows('ab', 'firing'), null), 'q', older).alerts).toHaveLength(2);
  });

  it('are each there once where one moved between two of the pages behind', () => {
    const first = page(rows('ab', 'firing'), 'more');
    const { alerts } = listedAlerts(first, 'q', { ...older, pages: 2, alerts: rows('cddbe', 'resolved') });
    expect(alerts.map(({ alert_id }) => alert_id).join('')).toBe('abcde');
  });

  it('are asked for as many at once as the API gives', () => {
    const address = readAddress('?entity=a');
    expect(overviewQuestions(address).alerts).toContain('limit=200');
    expect(seriesQuestions('entity', 'a', address).alerts).toContain('limit=200');
  });
});

describe('what was said in the window of an alert', () => {
  const series = { kind: 'entity', entity: 'a', topic: null } as const;
  const evidence = { window_start: '2026-03-02T00:00:00.000Z', window_end: '2026-03-02T08:00:00.000Z' };
  const alert = { series, evidence } as AlertRow;
  const address = readAddress('?range=7d&lang=zh&q=x&sentiment=positive&topic=IPO');

  it('is listed of its series without other filters, in the range that one has', () => {
    const listed = windowAddress(address, alert, Date.parse('2026-03-05T00:00:00.000Z'));
    expect(listed === null ? '' : writeAddress(listed)).toBe(
      `?${queryOf({ range: '7d', list_from: evidence.window_start, list_to: evidence.window_end, entity: 'a', lang: 'zh' })}`,
    );
  });

  it('has days around it where the range does not reach so far back', () => {
    const listed = windowAddress(address, alert, Date.parse('2026-04-05T00:00:00.000Z'));
    expect(listed).toMatchObject({ from: '2026-02-23T00:00:00.000Z', to: '2026-03-03T08:00:00.000Z', entity: 'a' });
    expect(windowAddress(address, { ...alert, evidence: null }, 0)).toBeNull();
  });

  it('keeps a chosen span that covers it, and no other', () => {
    const listed = (from: string, to: string): string | null | undefined =>
      windowAddress({ ...address, from, to }, alert, 0)?.from;
    const [start, end] = [evidence.window_start, evidence.window_end];
    expect(listed(start, end)).toBe(start);
    expect(listed(start, '2026-03-02T07:00:00.000Z')).toBe('2026-02-23T00:00:00.000Z');
    expect(listed('2026-03-02T01:00:00.000Z', end)).toBe('2026-02-23T00:00:00.000Z');
  });
});

describe('the alerts on the chart', () => {
  const span = { from: '2026-03-02T00:00:00.000Z', to: '2026-03-06T00:00:00.000Z' };
  const alert = (started_at: string, state: AlertRow['state'], at: string): AlertRow =>
    ({ alert_id: started_at, started_at, state, at }) as AlertRow;

  it('are those that were open in the span, also from before it, with the flag of those at its edge', () => {
    const marks = marksWithin(
      [
        alert('2026-03-01T00:00:00.000Z', 'firing', '2026-03-01T00:00:00.000Z'),
        alert('2026-02-27T00:00:00.000Z', 'resolved', '2026-03-03T00:00:00.000Z'),
        alert('2026-03-03T00:00:00.000Z', 'firing', '2026-03-03T00:00:00.000Z'),
        alert('2026-02-28T00:00:00.000Z', 'resolved', '2026-03-01T23:00:00.000Z'),
        alert('2026-03-06T00:00:00.000Z', 'firing', '2026-03-06T00:00:00.000Z'),
        alert('2026-03-04T00:00:00.000Z', 'pending', '2026-03-04T00:00:00.000Z'),
      ],
      span,
    );
    expect(marks.map(({ alert: { started_at }, left }) => [started_at.slice(0, 10), left])).toEqual([
      ['2026-03-01', 0],
      ['2026-02-27', 0],
      ['2026-03-03', 0.25],
    ]);
    expect(marks[1]?.to).toBe(Date.parse('2026-03-03T00:00:00.000Z') / 1000);
  });
});

describe('the questions of the overview', () => {
  it('cut the span into fewer steps for one company or topic than for all', () => {
    const timeline = (query: string): string | null =>
      new URL(overviewQuestions(readAddress(query)).timeline, 'http://x').searchParams.get('step_secs');
    expect(timeline('')).toBeNull();
    expect(timeline('?entity=norvale_bank')).toBe('28800');
    expect(timeline('?topic=Earnings&range=24h')).toBe('3600');
  });
});

describe('spans', () => {
  const now = Date.parse('2026-03-16T10:07:00.000Z');

  it('are whole steps that end just after now, so that pages share answers', () => {
    const span = resolveSpan({ last_secs: 1_209_600 }, now, now - 60_000);
    expect(new Date(span.to).toISOString()).toBe('2026-03-16T12:00:00.000Z');
    expect((span.to - span.from) / span.step).toBe(84);
    expect(span.anchor).toBe('now');
  });

  it('are the same in whatever steps a chart is cut, at every hour of the day', () => {
    for (let at = now; at < now + 86_400_000; at += 1_777_000) {
      for (const last_secs of [86_400, 259_200, 604_800, 1_209_600, 2_592_000]) {
        const table = resolveSpan({ last_secs }, at, at);
        for (const step of [3_600, 7_200, 14_400, 28_800, 86_400]) {
          const chart = resolveSpan({ last_secs }, at, at, step);
          expect([chart.from, chart.to, chart.step]).toEqual([table.from, table.to, step * 1000]);
        }
      }
    }
  });

  it('stay within the years that four digits can write', () => {
    const { from, to } = resolveSpan({ from: '0000-01-01T00:00:00Z', to: '9999-12-31T23:59:59Z' }, 0, null);
    expect([from, to].map((at) => new Date(at).toISOString())).toEqual([
      '0000-01-01T00:00:00.000Z',
      '9999-12-31T23:59:59.999Z',
    ]);
  });

  it('cover a given time wholly', () => {
    const span = resolveSpan({ from: '2026-03-01T00:30:00Z', to: '2026-03-01T22:10:00Z' }, now, now);
    expect(span.from).toBeLessThanOrEqual(Date.parse('2026-03-01T00:30:00Z'));
    expect(span.to).toBeGreaterThanOrEqual(Date.parse('2026-03-01T22:10:00Z'));
  });

  it('keep to about ninety buckets whatever their length', () => {
    for (const days of [1, 3, 7, 14, 30, 400]) {
      const buckets = (days * 86_400) / stepFor(days * 86_400);
      expect(buckets).toBeGreaterThan(25);
      expect(buckets).toBeLessThan(92);
    }
  });
});

describe('the words of the interface', () => {
  it('name all twenty topics in Chinese and leave an unknown one as it is', () => {
    expect(Object.keys(TOPIC_NAMES_ZH)).toHaveLength(20);
    expect(topicName('M&A | Investments', 'zh')).toMatch(/\p{Script=Han}/u);
    expect(topicName('M&A | Investments', 'en')).toBe('M&A, Investments');
    expect(topicName('Something new', 'zh')).toBe('Something new');
  });

  it('say in Chinese everything that they say in English', () => {
    const han = /\p{Script=Han}/u;
    const plain = Object.entries(MESSAGES.zh).filter(([, words]) => typeof words === 'string');
    for (const [key, words] of plain) {
      if (key.startsWith('other_language')) continue;
      expect(words, key).toMatch(han);
    }
    expect(Object.keys(MESSAGES.zh)).toEqual(Object.keys(MESSAGES.en));
  });
});

describe('an author', () => {
  it('is shown by the first signs of a hash, and by name where names are kept', () => {
    expect(shortAuthor(`u_${'0123456789abcdef'.repeat(2)}`)).toBe('u_012345');
    expect(shortAuthor('northquay_ned')).toBe('northquay_ned');
  });
});
