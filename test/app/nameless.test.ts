/** A container's user without a name (`docker run --user 12345`): everything that is signed is signed by its number. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { feedbackCommand } from '../../app/commands/feedback.ts';
import { modelsCommand } from '../../app/commands/models.ts';
import { silenceCommand } from '../../app/commands/people.ts';
import { operator, userName } from '../../core/audit.ts';
import { freePort } from '../free_port.ts';

vi.mock('node:os', async (original) => ({
  ...(await original<object>()),
  userInfo: () => {
    throw Object.assign(new Error('A system error occurred: uv_os_get_passwd returned ENOENT'), { code: 'ENOENT' });
  },
}));

let folder: string;
let config: string[];
let written = '';
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tidewatch-nameless-'));
  const path = join(folder, 'tidewatch.yaml');
  writeFileSync(path, JSON.stringify({ data_dir: folder, dashboards: { port: await freePort() } }));
  config = ['--config', path];
  written = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    written += String(text);
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

describe('a user without a name', { timeout: 60_000 }, () => {
  it('silences, reviews and chooses models as the number that it has', async () => {
    const number = String(process.getuid?.());
    expect([userName(), operator()]).toEqual([number, `command:${number}`]);
    const silence = ['add', 'entity="a"', '--for', '1h', '--comment', '已知', '--json', ...config];
    await silenceCommand().parseAsync(silence, { from: 'user' });
    expect(JSON.parse(written)).toMatchObject({ author: number });
    await modelsCommand().parseAsync(['shadow', '--off', ...config], { from: 'user' });
    await modelsCommand().parseAsync(['log', ...config], { from: 'user' });
    expect(written).toContain(`  ${number}  end_shadow`);
    await expect(
      feedbackCommand().parseAsync(['release', 'nosuch', ...config], { from: 'user' }),
    ).rejects.toMatchObject({ code: 'input.absent' });
  });
});
