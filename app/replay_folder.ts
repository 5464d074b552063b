/**
 * What a data folder holds the replay of, so that another feed or other settings over the same folder are refused: what is in it has
 * been read and judged, and the alerts of before would be told as those of this run. The same again is fine, which is how a replay
 * goes on that was killed; and a feed that broke off may have grown since.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { versionOf } from '../alerting/settings.ts';
import { TidewatchError } from '../core/errors.ts';
import { stableId } from '../core/event.ts';
import { beginningOf } from '../ingest/sources/file_cursor.ts';
import { labelledBy } from './backtest/label_key.ts';
import type { Settings } from './config.ts';

/** Kept in the folder. */
interface Replayed {
  /** Fingerprint of the feed's first `head_bytes` bytes, and how long it was. */
  readonly head: string;
  readonly head_bytes: number;
  readonly size: number;
  /** Of the settings that decide labels and alerts. */
  readonly settings: string;
}

const FILE = 'replay.json';

/** Call when the folder is there and locked. @throws TidewatchError input.invalid where it holds another replay */
export async function claimFolder(settings: Settings, feed: string, timeZone: string | null): Promise<void> {
  const labelling = await labelledBy(settings, 'news');
  const judging = stableId('replay', versionOf(settings.alerting), timeZone ?? '', ...labelling);
  const file = join(settings.data_dir, FILE);
  const known = await readReplayed(file);
  if (known !== null) {
    const beginning = await beginningOf(feed, known.head_bytes);
    const isOtherFeed = beginning.head !== known.head || beginning.size < known.size;
    const other = isOtherFeed ? 'another feed' : known.settings === judging ? null : 'other settings';
    if (other !== null) {
      throw new TidewatchError(
        'input.invalid',
        `${settings.data_dir} holds a replay of ${other}: its alerts would be told as those of this one`,
        { hint: 'Name another folder with --data.' },
      );
    }
  }
  const { head, head_bytes, size } = await beginningOf(feed);
  const replayed: Replayed = { head, head_bytes, size, settings: judging };
  await writeFile(file, `${JSON.stringify(replayed)}\n`);
}

async function readReplayed(file: string): Promise<Replayed | null> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Replayed;
  } catch {
    // None yet, or one that was cut off: nothing is known.
    return null;
  }
}
