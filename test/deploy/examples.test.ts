import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readSettings } from '../../app/config.ts';
import { loadNames } from '../../app/names.ts';
import { isLoopback } from '../../dashboards/settings.ts';
import { REPOSITORY } from '../end_to_end/program.ts';

const EXAMPLES = join(REPOSITORY, 'examples');
const yaml = (name: string): Readonly<Record<string, unknown>> =>
  parse(readFileSync(join(EXAMPLES, name), 'utf8')) as Readonly<Record<string, unknown>>;
const settingsFiles = readdirSync(EXAMPLES).filter((name) => name.endsWith('.yaml') && !('entities' in yaml(name)));

/** Everything within that listens where other machines reach it. */
function reachable(value: unknown): object[] {
  if (value === null || typeof value !== 'object') return [];
  const own = 'host' in value && typeof value.host === 'string' && !isLoopback(value.host) ? [value] : [];
  return [...own, ...Object.values(value).flatMap(reachable)];
}

describe('the settings files in examples/', () => {
  it('are those that a newcomer copies', () => {
    expect(settingsFiles).toEqual(expect.arrayContaining(['quickstart.yaml', 'sources.yaml']));
  });

  it.each(settingsFiles)('pass `check`, and let nobody in by a secret that everybody can read: %s', async (name) => {
    const settings = readSettings(join(EXAMPLES, name));
    expect((await loadNames(settings)).count).toBeGreaterThan(0);
    for (const door of reachable(yaml(name))) expect(JSON.stringify(door)).not.toMatch(/change-me/);
  });
});
