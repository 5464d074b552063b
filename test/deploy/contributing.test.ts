import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { REPOSITORY } from '../end_to_end/program.ts';

const at = (...path: string[]): string => join(REPOSITORY, ...path);
const json = (...path: string[]): unknown => JSON.parse(readFileSync(at(...path), 'utf8'));
const RECIPES = ['classifier', 'train', 'recipes'];

describe('the table of recipes in CONTRIBUTING.md', () => {
  const rows = new Map(
    [...readFileSync(at('CONTRIBUTING.md'), 'utf8').matchAll(/^\| `([\w-]+\.json)` +\| (.*?) *\|$/gm)].map(
      ([, name = '', what = '']) => [name, what] as const,
    ),
  );

  it('has a row for each, and no other', () => {
    expect([...rows.keys()].toSorted()).toEqual(readdirSync(at(...RECIPES)).toSorted());
  });

  it('names the one that made the model which is shipped', () => {
    const makers = [...rows].filter(([, what]) => what.endsWith('makes the model')).map(([name]) => name);
    expect(makers).toHaveLength(1);
    const { version } = json(...RECIPES, makers[0] ?? '') as { version: string };
    const shipped = json('classifier', 'models', 'tidewatch-small', 'config.json') as {
      tidewatch: { version: string };
    };
    // A third number of its own is the same training with a part fitted anew (fit_head.ts).
    const trained = (full: string): string => full.split('.').slice(0, 2).join('.');
    expect(trained(version)).toBe(trained(shipped.tidewatch.version));
  });
});
