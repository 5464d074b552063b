import { describe, expect, it } from 'vitest';
import { queryParameters } from '../../../core/store/parameters.ts';

describe('query parameters', () => {
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
});
