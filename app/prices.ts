/**
 * Closing prices for the page, out of the file that `dashboards.prices` names (the form that `backtest --prices` takes). Read
 * when the first page asks and again when the file has changed, so that tonight's closes are there tomorrow without a restart.
 * A file that turns unreadable or wrong keeps what was read before and is complained of once a change.
 */
import { stat } from 'node:fs/promises';
import { readPrices, type Close, type Prices } from '../backtest/prices.ts';
import { explainError, TidewatchError } from '../core/errors.ts';
import type { Logger } from '../core/log.ts';
import { loadWatchlists } from '../ingest/watchlist.ts';
import { createResolver } from './backtest/resolve.ts';
import type { Settings } from './config.ts';
import { readText } from './text_file.ts';

/** A function that gives an entity's closes, oldest first; undefined where the settings name no file. */
export function openPrices(
  { dashboards, ingest }: Pick<Settings, 'dashboards' | 'ingest'>,
  log: Logger,
): ((entity: string) => Promise<readonly Close[]>) | undefined {
  const { prices: file } = dashboards;
  if (file === undefined) return undefined;
  let read: Prices = new Map();
  let version = '';
  let complaint = '';
  let reading: Promise<void> | null = null;

  async function refresh(path: string): Promise<void> {
    try {
      const { mtimeMs, size } = await stat(path);
      const now = `${mtimeMs} ${size}`;
      if (now === version) return;
      version = now;
      const watched = await loadWatchlists(ingest.watchlists);
      const { prices, notes } = readPrices(await readText(path), path, createResolver(watched));
      read = prices;
      complaint = '';
      for (const note of notes) log.warn(`dashboards.prices: ${note}`);
    } catch (thrown) {
      const told =
        thrown instanceof TidewatchError
          ? thrown
          : new TidewatchError('config.unreadable', `dashboards.prices: ${path} cannot be read`, { cause: thrown });
      if (complaint !== told.message) log.warn(explainError(told));
      complaint = told.message;
    }
  }
  return async (entity) => {
    await (reading ??= refresh(file).finally(() => (reading = null)));
    return read.get(entity) ?? [];
  };
}
