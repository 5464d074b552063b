/** A watchlist that was changed by hand, taken up by a real process on SIGHUP: what comes from then on is found by it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { OpinionsAnswer } from '../../dashboards/contract.ts';
import { REPOSITORY, run, until } from '../end_to_end/program.ts';
import { freePort } from '../free_port.ts';

const folder = mkdtempSync(join(tmpdir(), 'tidewatch-sighup-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const BANK = '  - { id: norvale_bank, name: Norvale Bank, kind: company }\n';
const AIRLINE = '  - { id: tern_air, name: Tern Air, kind: company, aliases: [Ternair] }\n';

it.skipIf(process.platform === 'win32')(
  'SIGHUP takes up a changed watchlist, and keeps the old one where the new one is wrong',
  { timeout: 400_000 },
  async () => {
    const [page, door] = [await freePort(), await freePort()];
    const [watchlist, settings] = [join(folder, 'watched.yaml'), join(folder, 'tidewatch.yaml')];
    writeFileSync(watchlist, `entities:\n${BANK}`);
    writeFileSync(
      settings,
      JSON.stringify({
        data_dir: join(folder, 'data'),
        ingest: { watchlists: [watchlist], sources: [{ type: 'http', name: 'posts', port: door }] },
        dashboards: { port: page },
      }),
    );
    const program = run(['up', '--config', settings], {
      cli: join(REPOSITORY, 'app/cli.ts'),
      env: { NODE_OPTIONS: '--import tsx' },
    });
    const post = async (text: string): Promise<void> => {
      const headers = { 'content-type': 'application/json' };
      const body = JSON.stringify({ text, published_at: new Date().toISOString() });
      const answer = await fetch(`http://127.0.0.1:${door}/documents`, { method: 'POST', headers, body });
      expect(answer.status).toBe(202);
    };
    /** Who is named in the document of these words, once it is labelled. */
    const namedIn = (words: string): Promise<string[]> =>
      until(
        async () => {
          const url = `http://127.0.0.1:${page}/api/opinions?last_secs=3600&q=${encodeURIComponent(words)}`;
          const { opinions } = (await (await fetch(url)).json()) as OpinionsAnswer;
          return opinions[0]?.entities.map(({ id }) => id);
        },
        120_000,
        () => `nothing with "${words}" in:\n${program.output().slice(-2000)}`,
      );
    try {
      await program.seen(/The page is at/, 120_000);
      await post('Ternair cancels forty flights before the signal, and travellers of Norvale Bank wait.');
      expect(await namedIn('before the signal')).toEqual(['norvale_bank']);

      writeFileSync(watchlist, `entities:\n${BANK}${AIRLINE}`);
      program.child.kill('SIGHUP');
      await program.seen(/the watchlists were read again/);
      await post('Ternair cancels sixty flights after the signal, while Norvale Bank pays refunds.');
      expect((await namedIn('after the signal')).toSorted()).toEqual(['norvale_bank', 'tern_air']);
      // What was found before stays as it was.
      expect(await namedIn('before the signal')).toEqual(['norvale_bank']);

      writeFileSync(watchlist, `entities:\n${BANK}  - { id: Not An Id, name: Wrong }\n`);
      program.child.kill('SIGHUP');
      await program.seen(/the watchlists are kept: /);
      await post('Ternair lands late on a third evening, says its chief.');
      expect(await namedIn('a third evening')).toEqual(['tern_air']);
    } finally {
      program.child.kill('SIGTERM');
      await program.exited;
    }
  },
);
