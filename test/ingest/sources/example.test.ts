import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { checkCommand } from '../../../app/commands/check.ts';
import { listCommand } from '../../../app/commands/list.ts';
import { readSettings } from '../../../app/config.ts';
import { sources } from '../../../ingest/registry.ts';

const EXAMPLE = 'examples/sources.yaml';

describe('the example with every source', () => {
  afterEach(() => vi.restoreAllMocks());
  const printed = () => {
    const pieces: string[] = [];
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => pieces.push(String(text)) > 0);
    return () => pieces.join('');
  };

  it('is accepted by `tidewatch check` as it is, without any key', async () => {
    const output = printed();
    await checkCommand().parseAsync(['node', 'check', EXAMPLE]);
    expect(output()).toMatch(/is right: \d{2} sources/);
  });

  it('holds every kind of source, and docs/sources.md has a section on each', () => {
    const types = new Set(readSettings(EXAMPLE).ingest.sources.map(({ type }) => type));
    const page = readFileSync('docs/sources.md', 'utf8');
    for (const { name } of sources) {
      expect([...types], `${EXAMPLE} has no ${name}`).toContain(name);
      expect(page, `docs/sources.md says nothing of ${name}`).toContain(`\n## ${name}\n`);
    }
  });

  it('and `tidewatch list source` shows each with its settings', async () => {
    const output = printed();
    await listCommand().parseAsync(['node', 'list', 'source']);
    for (const { name, settings } of sources) {
      expect(output()).toContain(`source ${name}: `);
      for (const key of Object.keys(settings.shape)) expect(output()).toContain(`    ${key}`);
    }
  });
});
