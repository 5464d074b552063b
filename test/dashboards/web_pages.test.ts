/** The pure parts of the pages: routes, steps, CSV, where names stand at the ends of lines. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'csv-parse/sync';
import { readAddress, stepSecs, writeAddress } from '../../dashboards/web/address.ts';
import { placeApart } from '../../dashboards/web/compare_chart.ts';
import { comparedIds } from '../../dashboards/web/compare_page.tsx';
import { csvOf } from '../../dashboards/web/csv.ts';
import { eventName } from '../../dashboards/web/event_name.ts';
import { readRoute, routeHref } from '../../dashboards/web/route.ts';
import { lineOf } from '../../dashboards/web/small_multiple.tsx';

describe('which page an address names', () => {
  it('finds companies, topics and comparisons again by the link that leads to them', () => {
    for (const [page, id] of [
      ['entity', 'norvale_bank'],
      ['topic', 'M&A | Investments'],
      ['compare', 'norvale_bank,halcyon_motors'],
      ['compare', ''],
    ] as const) {
      expect(readRoute(routeHref(page, id))).toEqual({ page, id });
    }
  });

  it('takes a comparison that somebody typed, and nothing that only begins like one', () => {
    expect(readRoute('#/compare?entities=a,b,c')).toEqual({ page: 'compare', id: 'a,b,c' });
    for (const hash of ['#/compare/a', '#/compare?entities=%E0%A4%A', '#/comparex', '#/entity/']) {
      expect(readRoute(hash)).toBeNull();
    }
  });

  it('compares each once and no more than can be told apart', () => {
    expect(comparedIds('a,b,,a,c')).toEqual(['a', 'b', 'c']);
    expect(comparedIds('a,b,c,d,e,f,g,h')).toHaveLength(6);
  });

  it('keeps order, length and way of finding, and forgets what it does not know', () => {
    const address = readAddress('?by=meaning&entity_sort=change&topic_sort=name&all=both');
    expect(address).toMatchObject({ by: 'meaning', entity_sort: 'change', topic_sort: 'name', all: 'both' });
    expect(readAddress(writeAddress(address))).toEqual(address);
    expect(readAddress('?by=magic&entity_sort=documents&all=none')).toEqual(readAddress(''));
  });

  it('cuts a span into steps that a line can stand on', () => {
    expect(stepSecs(readAddress('?range=14d'), 42)).toBe('28800');
    expect(stepSecs(readAddress('?range=24h'), 42)).toBe('3600');
    const chosen = readAddress('?from=2026-03-01T00:00:00Z&to=2026-03-01T06:00:00Z');
    expect(stepSecs(chosen, 30)).toBe('900');
  });
});

describe('rows as CSV', () => {
  it('are read again as they were, whatever they hold', () => {
    const text = fc.string({ unit: 'grapheme' }).filter((one) => !/^[=+\-@\t\r]/.test(one));
    fc.assert(
      fc.property(fc.array(fc.tuple(text, fc.integer(), text), { minLength: 1 }), (rows) => {
        const read = parse(csvOf(['a', 'b', 'c'], rows), { bom: true }) as string[][];
        expect(read.slice(1)).toEqual(rows.map((row) => row.map(String)));
      }),
    );
  });

  it('are no formula in a spreadsheet', () => {
    const csv = csvOf(
      ['text', 'change'],
      [
        ['=HYPERLINK("http://x","y")', -3],
        ['@SUM(A1)', 0],
        [null, 1],
      ],
    );
    expect(csv).toContain(`"'=HYPERLINK(""http://x"",""y"")",-3`);
    expect(csv).toContain("'@SUM(A1),0");
    expect(csv).toContain('\r\n,1\r\n');
  });
});

describe('names at the ends of lines', () => {
  it('lie apart, in the order of their lines, above the bottom edge', () => {
    const heights = fc.array(fc.integer({ min: 0, max: 200 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(heights, (given) => {
        const labels = given.map((at, index) => ({ index, x: 0, at, y: at }));
        placeApart(labels, 15, 200);
        const placed = labels.map(({ y }) => y);
        for (const [index, y] of placed.entries()) {
          expect(y).toBeLessThanOrEqual(192.5);
          if (index > 0) expect(y - (placed[index - 1] ?? 0)).toBeGreaterThanOrEqual(14.999);
        }
        expect(labels.map(({ at }) => at)).toEqual(given.toSorted((a, b) => a - b));
      }),
    );
  });

  it('stand at a line that breaks where nothing was said, and shows a lone step', () => {
    const drawn = lineOf(
      [null, 0.5, 0.4, null, 0.2, null],
      (place) => place,
      (share) => share,
    );
    expect(drawn).toBe('M1.0 0.5L2.0 0.4M4.0 0.2h0.1');
  });
});

it('names kinds of event in the language of the reader, and what it does not know as it is', () => {
  expect(eventName('投诉维权', 'en')).toBe('complaints');
  expect(eventName('投诉维权', 'zh')).toBe('投诉维权');
  expect(eventName('service_outage', 'en')).toBe('service outage');
});
