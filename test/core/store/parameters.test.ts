import { afterEach, describe, expect, it } from 'vitest';
import { queryParameters } from '../../../core/store/parameters.ts';

describe('query parameters', () => {
  const zone = process.env['TZ'];
  afterEach(() => {
    if (zone === undefined) delete process.env['TZ'];
    else process.env['TZ'] = zone;
  });

  it('turn ISO times and Dates into UTC wall time where the statement declares a time, and only there', () => {
    const at = '2024-01-02T03:04:05.678Z';
    const sql = `SELECT {at:DateTime64(3)}, { when : DateTime64(3, 'UTC') }, {text:String}, {many:Array(DateTime64(3))}`;
    expect(queryParameters(sql, { at, when: new Date(at), text: at, many: [at], other: at })).toEqual({
      at: '2024-01-02 03:04:05.678',
      when: '2024-01-02 03:04:05.678',
      text: at,
      many: ['2024-01-02 03:04:05.678'],
      other: at,
    });
  });

  it('leave numbers and what is no time to ClickHouse', () => {
    expect(queryParameters('{a:DateTime} {b:DateTime}', { a: 1_704_164_645, b: 'soon' })).toEqual({
      a: 1_704_164_645,
      b: 'soon',
    });
  });

  it('leave a time without a zone to ClickHouse, whatever the zone of this machine', () => {
    for (const here of ['Asia/Shanghai', 'America/New_York', 'UTC']) {
      process.env['TZ'] = here;
      const asked = { a: '2026-01-01 10:00:00', b: '2026-01-01T10:00:00.123', c: '2026-01-01', d: '1767225600.123' };
      const sql = '{a:DateTime64(3)} {b:DateTime64(3)} {c:DateTime} {d:DateTime64(3)}';
      expect(queryParameters(sql, asked)).toEqual(asked);
    }
  });

  it('have as much of a fraction as their type does: none of a DateTime, microseconds of a DateTime64(6)', () => {
    const sql = `{a:DateTime} {b:Nullable(DateTime)} {c:DateTime64(3)} {d:DateTime64(6, 'UTC')} {e:DateTime('UTC')} {f:DateTime}`;
    const at = '2026-01-01T10:00:00.123456+08:00';
    const when = new Date('2026-01-01T02:00:00.123Z');
    expect(queryParameters(sql, { a: at, b: at, c: at, d: at, e: when, f: '2026-01-01T10:00Z' })).toEqual({
      a: '2026-01-01 02:00:00',
      b: '2026-01-01 02:00:00',
      c: '2026-01-01 02:00:00.123',
      d: '2026-01-01 02:00:00.123456',
      e: '2026-01-01 02:00:00',
      f: '2026-01-01 10:00:00',
    });
  });

  it('leave times by the clock of another zone to ClickHouse, which would read UTC wall time as theirs', () => {
    const at = '2026-01-01T10:00:00.000Z';
    expect(queryParameters(`{at:DateTime64(3, 'Asia/Shanghai')}`, { at })).toEqual({ at });
  });
});
