/**
 * The embedded form: one process with every stage, the log and the store in it, killed as a whole. Its data folder is on
 * a small disk of its own; the model is behind a proxy.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../../core/clock.ts';
import { createLogger } from '../../../core/log.ts';
import { openStore } from '../../../core/store/registry.ts';
import { openStream, streamSettings } from '../../../core/stream/registry.ts';
import { readContents } from './contents.ts';
import { openDisk } from './disk.ts';
import { cutting, filling, killing } from './faults.ts';
import type { Form, FormOptions } from './form.ts';
import { watchlist } from './load.ts';
import { createProgram } from './program.ts';
import { openProxy } from './proxy.ts';
import { settingsText } from './settings.ts';
import { freePort } from '../../free_port.ts';

export async function openEmbeddedForm(options: FormOptions, cli: string): Promise<Form> {
  const { folder } = options;
  mkdirSync(folder, { recursive: true });
  const disk = openDisk(700, join(folder, 'disk'));
  const data = join(disk.folder, 'data');
  const model = await openProxy(() => options.modelPort);
  const ports = { tide: await freePort(), bulk: await freePort(), page: await freePort() };
  const watched = join(folder, 'watchlist.yaml');
  writeFileSync(watched, watchlist());
  const config = join(folder, 'tidewatch.yaml');
  writeFileSync(
    config,
    settingsText({
      stream: { type: 'embedded' },
      store: { type: 'chdb' },
      watchlist: watched,
      ports,
      modelPort: model.port,
      webhook: { url: options.webhookUrl, secret: options.secret },
    }),
  );
  const program = createProgram(
    'tidewatch',
    [cli, 'up', '--config', config, '--data', data],
    join(folder, 'tidewatch.log'),
  );
  program.start();
  return {
    name: 'embedded',
    kind: 'one process: stages, log (LMDB) and store (chdb)',
    tideUrl: `http://127.0.0.1:${ports.tide}/documents`,
    bulkUrl: `http://127.0.0.1:${ports.bulk}/documents`,
    pageUrl: `http://127.0.0.1:${ports.page}`,
    faults: [
      killing(program),
      killing(program),
      killing(program),
      killing(program),
      ...cutting('the model', model, 4000),
      ...filling('the data folder', disk),
      ...filling('the data folder', disk),
    ],
    async waiting() {
      const answer = await fetch(`http://127.0.0.1:${ports.page}/metrics`, { signal: AbortSignal.timeout(3000) });
      const lags = (await answer.text()).matchAll(
        /^tidewatch_stream_lag_messages\{topic="(?:documents|opinions)".*\} (\d+)/gm,
      );
      const counts = Array.from(lags, ([, count]) => Number(count));
      return counts.length < 2 ? null : counts.reduce((sum, count) => sum + count, 0);
    },
    junk: () => new Map(),
    deaths: () => new Map([[program.name, program.deaths()]]),
    async finish() {
      await program.stop();
      const log = createLogger({ level: 'silent', format: 'json' });
      const stream = await openStream(streamSettings.parse({ type: 'embedded' }), {
        folder: join(data, 'stream'),
        clock: systemClock,
        log,
      });
      const store = await openStore({ type: 'chdb' }, { folder: join(data, 'store'), log });
      try {
        return await readContents(stream, (sql) => store.query(sql));
      } finally {
        await stream.close();
        await store.close();
      }
    },
    async close() {
      await program.kill();
      await model.close();
      disk.remove();
    },
  };
}
