/**
 * What the page may do with the watchlist: read its entries, try one on recent documents by the matcher that ingest uses, and keep
 * one. A changed list is checked as a whole (ids over all files, sectors), written to the file that the entry lives in, and taken
 * up at once by this process: ingest looks for the new names from its next batch on. What was taken in before keeps the entities
 * that it was found about. Other processes take a changed file up on SIGHUP, or at their next start.
 */
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { TidewatchError, toTidewatchError } from '../core/errors.ts';
import { findCashtags, findLinks } from '../core/text.ts';
import type { WatchedEntity } from '../core/watched_entity.ts';
import type { WatchlistDesk } from '../dashboards/watchlist_api.ts';
import { createEntityMatcher, type EntityMatcher } from '../ingest/entities.ts';
import { loadWatchlists, parseWatchlist } from '../ingest/watchlist.ts';
import { namesOf, type WatchedNames } from './names.ts';
import { isWritable, readToReplace, replaceFile } from './replace_file.ts';
import { withEntry, withoutEntry } from './watchlist_text.ts';

export interface WatchlistFiles {
  /** Absolute paths, in the order in which they are merged. */
  readonly paths: readonly string[];
  /** Takes up what is watched from now on. */
  watch(watched: readonly WatchedEntity[], names: WatchedNames): void;
}

interface Place {
  readonly path: string;
  readonly source: string;
  readonly entries: readonly WatchedEntity[];
}

export interface WatchlistKeeper extends WatchlistDesk {
  /** Reads the files again, as somebody else left them. @throws TidewatchError config.invalid, config.unreadable */
  takeUp(): Promise<void>;
}

export function createWatchlistDesk({ paths, watch }: WatchlistFiles): WatchlistKeeper {
  /** One change at a time: each is checked against the files as they are. */
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const done = turn.then(work);
    turn = done.catch(() => undefined);
    return done;
  };

  async function files(): Promise<Place[]> {
    return Promise.all(
      paths.map(async (path) => {
        const source = await readToReplace(path);
        return { path, source, entries: parseWatchlist(source, path) };
      }),
    );
  }

  /** Checks the files with one of them changed, then writes it and takes it up. */
  async function keep(path: string, text: string): Promise<void> {
    let watched: readonly WatchedEntity[];
    let names: WatchedNames;
    try {
      watched = await loadWatchlists(paths, new Map([[path, text]]));
      names = namesOf(watched);
    } catch (thrown) {
      const { message, hint, code } = toTidewatchError(thrown);
      if (code !== 'config.invalid') throw thrown;
      // The files' names are shown, not where they lie.
      const shown = paths.reduce((words, one) => words.replaceAll(one, basename(one)), message);
      throw new TidewatchError('input.unprocessable', shown, { cause: thrown, ...(hint !== undefined && { hint }) });
    }
    await replaceFile(path, text);
    watch(watched, names);
  }

  const found = (all: readonly Place[], id: string): { place: Place; entry: WatchedEntity } | null => {
    for (const place of all) {
      const entry = place.entries.find((one) => one.id === id);
      if (entry !== undefined) return { place, entry };
    }
    return null;
  };

  return {
    takeUp: () =>
      inTurn(async () => {
        const watched = await loadWatchlists(paths);
        watch(watched, namesOf(watched));
      }),
    async list() {
      const all = await files();
      const writable = await Promise.all(paths.map(isWritable));
      return {
        files: paths.map((path, index) => ({ name: basename(path), writable: writable[index] === true })),
        entries: all.flatMap(({ entries }, file) =>
          entries.map(({ id, name, name_zh, kind }) => ({ id, name, name_zh: name_zh ?? null, kind, file })),
        ),
      };
    },
    async entry(id) {
      const known = found(await files(), id);
      if (known === null) return null;
      const file = paths.indexOf(known.place.path);
      return {
        entry: known.entry,
        version: versionOf(known.entry),
        file: basename(known.place.path),
        writable: await isWritable(paths[file] ?? ''),
      };
    },
    async preview(entry, documents) {
      const before = (await files()).flatMap(({ entries }) => entries);
      const others = before.filter(({ id }) => id !== entry.id);
      const sure = { ...entry, aliases: [...entry.aliases, ...entry.ambiguous], ambiguous: [] };
      const texts = documents.map((one) => ({
        ...one,
        links: findLinks(`${one.title ?? ''} ${one.text}`),
        cashtags: findCashtags(`${one.title ?? ''} ${one.text}`),
      }));
      const namedBy = (watched: readonly WatchedEntity[]): (string | null)[] => surfaces(watched, entry.id, texts);
      const [now, next, doubtful] = [
        namedBy(before),
        namedBy([...others, entry]),
        entry.ambiguous.length === 0 ? texts.map(() => null) : namedBy([...others, sure]),
      ];
      return texts.map((_, index) => ({
        before: now[index] ?? null,
        after: next[index] ?? null,
        // Its name is there, and the words around it do not say that it is meant.
        doubtful: next[index] === null ? (doubtful[index] ?? null) : null,
      }));
    },
    save: (entry, version, file) =>
      inTurn(async () => {
        const all = await files();
        const known = found(all, entry.id);
        expectVersion(known === null ? null : versionOf(known.entry), version, entry.id);
        const place = known?.place ?? all[file ?? (await firstWritable(paths))];
        if (place === undefined) throw new TidewatchError('input.invalid', 'There is no such watchlist file.');
        await keep(place.path, withEntry(place.source, entry));
        return { before: known?.entry ?? null, file: basename(place.path) };
      }),
    remove: (id, version) =>
      inTurn(async () => {
        const known = found(await files(), id);
        if (known === null) return null;
        expectVersion(versionOf(known.entry), version, id);
        await keep(known.place.path, withoutEntry(known.place.source, id));
        return { before: known.entry, file: basename(known.place.path) };
      }),
  };
}

/** The words by which each text names the entity; null where it does not. */
function surfaces(
  watched: readonly WatchedEntity[],
  id: string,
  texts: readonly Parameters<EntityMatcher>[0][],
): (string | null)[] {
  const match = createEntityMatcher(watched);
  return texts.map((text) => match(text).find((one) => one.id === id)?.surface ?? null);
}

async function firstWritable(paths: readonly string[]): Promise<number> {
  const writable = await Promise.all(paths.map(isWritable));
  const at = writable.lastIndexOf(true);
  if (at >= 0) return at;
  throw new TidewatchError('storage.read_only', 'No watchlist can be written by this process.', {
    hint: 'Copy ingest/watchlist/starter.yaml to a folder of your own and name it in ingest.watchlists.',
  });
}

/** What an entry says, so that nobody writes over what somebody else has changed meanwhile. */
function versionOf(entry: WatchedEntity): string {
  return createHash('sha256').update(JSON.stringify(entry)).digest('hex').slice(0, 16);
}

function expectVersion(current: string | null, given: string | null, id: string): void {
  if (current === given) return;
  const why =
    current === null
      ? 'is not in the watchlist any more'
      : given === null
        ? 'is there already'
        : 'was changed meanwhile';
  throw new TidewatchError('input.conflict', `${id} ${why}: look at it again.`);
}
