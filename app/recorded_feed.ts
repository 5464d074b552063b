/**
 * A recorded feed as a command is given it: it is there, and it is read to its end or the command fails. A feed that breaks off
 * in the middle (a download that was cut, a disk that is bad) must not pass for a whole one: what is missing would be
 * taken for quiet, and its labels kept for good.
 */
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { TidewatchError } from '../core/errors.ts';
import type { App } from './app.ts';

/** Its whole path. @throws TidewatchError input.invalid where there is no such file */
export function recordedFeed(path: string): string {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) {
    throw new TidewatchError('input.invalid', `--feed: there is no file ${path}`);
  }
  return resolve(path);
}

/** Resolves when the feed was read to its end. @throws TidewatchError input.invalid with what the source says of it */
export async function feedRead({ ingest }: App): Promise<void> {
  await ingest?.finished;
  for (const { status, reason } of ingest?.health() ?? []) {
    if (status === 'failing' || status === 'dead') throw new TidewatchError('input.invalid', reason ?? status);
  }
}
