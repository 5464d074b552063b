import { describe, expect, it } from 'vitest';
import { matchesAll, parseMatcher } from '../../core/matcher.ts';

const labels = { entity: 'norvale_bank', severity: 'warning', name: 'Norvale Bank', topic: '业绩 "预警"' };
const says = (text: string): boolean => parseMatcher(text).matches(labels);

describe('matchers', () => {
  it('match by =, !=, =~ and !~, the whole value', () => {
    expect(says('entity="norvale_bank"')).toBe(true);
    expect(says('entity=norvale_bank')).toBe(true);
    expect(says('entity!="norvale_bank"')).toBe(false);
    expect(says('entity=~"norvale.*|halcyon.*"')).toBe(true);
    expect(says('entity=~"norvale"')).toBe(false);
    expect(says('severity!~"crit.*"')).toBe(true);
    expect(says(' topic = "业绩 \\"预警\\"" ')).toBe(true);
  });

  it('take an absent label for the empty text', () => {
    expect(says('sector=""')).toBe(true);
    expect(says('sector!="banks"')).toBe(true);
    expect(says('sector=~".+"')).toBe(false);
  });

  it('match nothing where there are none', () => {
    expect(matchesAll([], labels)).toBe(false);
    expect(matchesAll(['entity=~".*"', 'severity="warning"'].map(parseMatcher), labels)).toBe(true);
    expect(matchesAll(['entity=~".*"', 'severity="critical"'].map(parseMatcher), labels)).toBe(false);
  });

  it.each([
    '',
    'entity',
    '=x',
    'a b="c"',
    'a="b',
    'a="b"c"',
    'a=b"',
    'a=~"("',
    `a="${'x'.repeat(201)}"`,
    'a=~"(x+)+"',
    'a=~"(a|b)*"',
    'a=~"((.+))+!"',
    'a=~"(((a|b)c)d)+"',
    'a=~"([(]x+)+"',
    'a=~"(?:(?<n>x){2,})*"',
    'a=~"((?:业绩|财报) ?)+"',
    `a=~"${'.*'.repeat(8)}!"`,
    'a=~".*a.+b.*c.{3,}"',
    `a=~"${'a?'.repeat(24)}a{24}"`,
    'a=~"(a?){24}a{24}"',
    `a=~"${'(a|a)'.repeat(30)}"`,
  ])('refuse %s with the reason', (text) => {
    expect(() => parseMatcher(text)).toThrow(/The matcher/);
  });

  it.each([
    'Ear.*',
    '(a|b)',
    '(foo|bar).*baz',
    'Apple.*|Google.*|Amazon.*|Meta.*|.*业绩.*',
    '(Norvale|Halcyon)? ?Bank',
    '(abc)+',
    '(19|20){2}',
    '[(*+|]+\\(+x\\*+',
    '\\p{L}{2,5} \\d{4}',
    '(?<year>[0-9]{4})(?!x)',
  ])('take %s', (expression) => {
    const matcher = parseMatcher(`a=~"${expression}"`);
    const began = performance.now();
    matcher.matches({ a: 'x'.repeat(300) });
    expect(performance.now() - began).toBeLessThan(1000);
  });
});
