/**
 * What a question may cost before the engine sees it. The process has one thread for all of it, so a text whose reading takes
 * the square of its length would stop everything. Four times the text may take four times the work and no more: measured as
 * time on the processor, which a crowded machine does not stretch, with room for what is not the text's.
 */
import { describe, expect, it } from 'vitest';
import { checkTree } from '../../../dashboards/clickhouse_http/allowed.ts';
import { lex } from '../../../dashboards/clickhouse_http/lexer.ts';
import { takeApart } from '../../../dashboards/clickhouse_http/statement.ts';

const LIMITS = { max_rows: 100_000, max_secs: 20, max_bytes: 64e6 };

/** Milliseconds on the processor, whether the text is taken or refused. */
function cost(work: () => unknown): number {
  const before = process.cpuUsage();
  try {
    work();
  } catch {
    // A refusal is an answer too.
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

function expectLinear(work: (times: number) => unknown, times: number): void {
  cost(() => work(times / 4));
  const quarter = cost(() => work(times / 4));
  expect(cost(() => work(times))).toBeLessThan(7 * quarter + 250);
}

/** As the engine would explain a statement of one literal. */
const explained = (literal: string): string =>
  `"SelectWithUnionQuery"\n" ExpressionList"\n"  Literal '${literal}'"\n" Set"\n`;

describe('the work of reading a question grows as its length does', { timeout: 300_000 }, () => {
  it('with comments that do not end', () => {
    expectLinear((times) => lex(`SELECT 1 ${'/* '.repeat(times)}`), 80_000);
    expect(() => lex('SELECT 1 /* 2')).toThrow('Syntax error: failed at position 10: a comment does not end.');
    expect(() => lex('SELECT 1 /*/ 2')).toThrow('a comment does not end');
    expect(lex('SELECT/**/1/* a * b */').sql).toBe('SELECT 1 ');
  });

  it('with thousands of parameters, plain, composed, and without an end', () => {
    for (const [place, times] of [
      ['{a:b},', 40_000],
      ['{a:Array(b)},', 20_000],
      ['{a:Array(b),', 20_000],
    ] as const)
      expectLinear((many) => takeApart(`SELECT ${place.repeat(many)}1`, LIMITS), times);
  });

  it('with a literal that looks like thousands of aliases', () => {
    expectLinear((times) => checkTree(explained(' (alias '.repeat(times)), 0, () => true), 30_000);
    expect(() => checkTree(explained(' (alias '.repeat(30_000)), 0, () => true)).not.toThrow();
  });

  it('with many lists of settings, quotes and brackets', () => {
    expectLinear((times) => takeApart(`SELECT 1 ${'SETTINGS final=1,final=1 '.repeat(times)}`, LIMITS), 10_000);
    expectLinear((times) => takeApart(`SELECT ${"'' ".repeat(times)}`, LIMITS), 80_000);
    expectLinear((times) => takeApart(`SELECT ${'('.repeat(times)}`, LIMITS), 120_000);
  });

  it('and a composed parameter is still cast from its text', () => {
    const { body, parameters } = takeApart('SELECT {a:Array( String )}, {b:UInt8}, {c:Map(String, UInt8)}', LIMITS);
    expect(body).toBe("SELECT CAST({a:String}, 'Array( String )'), {b:UInt8}, CAST({c:String}, 'Map(String, UInt8)')");
    expect([...parameters]).toEqual([
      ['a', 'composed'],
      ['b', 'plain'],
      ['c', 'composed'],
    ]);
  });
});
