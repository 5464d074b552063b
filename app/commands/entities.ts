/**
 * `tidewatch entities import`: a list of companies (the SEC's, a CSV, Wikidata's) becomes a watchlist file. The file is
 * checked by the same schema as any other before it is written, and written beside and renamed, so that a cut-off
 * import leaves the old file.
 */
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { Command, InvalidArgumentError, Option } from 'commander';
import wordListPath from 'word-list';
import { stringify } from 'yaml';
import { redactUrl, TidewatchError } from '../../core/errors.ts';
import { createHttpClient } from '../../core/http.ts';
import { decodeFeed } from '../../ingest/encoding.ts';
import { watchlistOf } from '../../ingest/entity_import/company.ts';
import { LIST_FORMATS, type ListFormat, readList } from '../../ingest/entity_import/lists.ts';
import { loadWatchlists, type WatchedEntity } from '../../ingest/watchlist.ts';
import { VERSION } from '../package_root.ts';
import { fileError, refuseOverwrite } from './in_and_out.ts';

const MAX_BYTES = 200_000_000;

export function entitiesCommand(): Command {
  return new Command('entities').description('watchlists of companies').addCommand(importCommand());
}

function importCommand(): Command {
  return new Command('import')
    .description("make a watchlist from the SEC's company list, a CSV of codes and names, or Wikidata JSON")
    .argument('<list>', 'a file, or an http(s) address')
    .addOption(new Option('--from <format>', 'format of the list').choices(LIST_FORMATS).makeOptionMandatory())
    .requiredOption('--output <file>', 'watchlist to write (YAML)')
    .option('--contact <address>', 'e-mail address for the user agent; the SEC refuses requests without one')
    .option('--limit <count>', 'take only the first so many companies', wholeNumber)
    .action(async (list: string, options: { from: ListFormat; output: string; contact?: string; limit?: number }) => {
      if (!isAddress(list)) refuseOverwrite('--output', options.output, list);
      const { companies, refused } = readList(await load(list, options.contact), options.from);
      const words = new Set((await readFile(wordListPath, 'utf8')).split('\n'));
      const entities = watchlistOf(companies.slice(0, options.limit), words);
      if (entities.length === 0) {
        throw new TidewatchError('input.invalid', `${shown(list)} names no company (${refused.length} rows refused)`);
      }
      await write(options.output, list, entities);
      const ambiguous = entities.filter((entity) => entity.ambiguous.length > 0).length;
      process.stdout.write(
        `${options.output}: ${entities.length} entities, ${ambiguous} of them with a name that is also a word ` +
          `(it counts only where the words around it say so).\n`,
      );
      for (const { row, reason } of refused.slice(0, 5)) process.stderr.write(`left out: row ${row}, ${reason}\n`);
      if (refused.length > 5) process.stderr.write(`left out: ${refused.length - 5} more rows\n`);
      process.stdout.write(`Add it to ingest.watchlists in your settings; tidewatch check reads it.\n`);
    });
}

/** The list as text, in whatever encoding: exchanges and Excel in China write GBK. */
async function load(list: string, contact: string | undefined): Promise<string> {
  if (!isAddress(list)) {
    const bytes = await readFile(list).catch((error: unknown) => {
      throw new TidewatchError('config.unreadable', `Cannot read ${list}: ${String(error)}`, { cause: error });
    });
    return decodeFeed(bytes);
  }
  const userAgent = `Tidewatch/${VERSION}${contact === undefined ? '' : ` (${contact})`}`;
  const http = createHttpClient({ userAgent });
  try {
    // The user typed this address: its own host is trusted, whatever it redirects to is checked.
    const answer = await http.fetch(list, { maxBytes: MAX_BYTES, timeoutMs: 120_000, trustHost: true });
    if (answer.status !== 200) {
      throw new TidewatchError(
        'http.status',
        `${shown(list)} answered with status ${answer.status}`,
        answer.status === 403
          ? { hint: 'The SEC wants a contact in the user agent: give --contact you@example.com.' }
          : {},
      );
    }
    return decodeFeed(answer.body, answer.headers['content-type']);
  } finally {
    await http.close();
  }
}

async function write(output: string, list: string, entities: readonly WatchedEntity[]): Promise<void> {
  const lean = entities.map((entity) =>
    Object.fromEntries(Object.entries(entity).filter(([, value]) => !Array.isArray(value) || value.length > 0)),
  );
  const header = `# Made by \`tidewatch entities import\` from ${shown(list)}.\n# Check names that are also words (ambiguous, cased) before relying on them; give such entities a \`context\`.\n`;
  const beside = `${output}.new`;
  try {
    const text = header + stringify({ entities: lean }, { lineWidth: 0 });
    await writeFile(beside, text).catch((error: unknown) => {
      throw fileError('--output', output, 'written', error);
    });
    await loadWatchlists([beside]);
    await rename(beside, output);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
}

function wholeNumber(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count > 0) return count;
  throw new InvalidArgumentError('It is a whole number above 0.');
}

function isAddress(list: string): boolean {
  return /^https?:\/\//i.test(list);
}

/** An address without what may be secret in it. */
function shown(list: string): string {
  return isAddress(list) ? redactUrl(list) : list;
}
