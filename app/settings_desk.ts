/**
 * What the page may do with the settings file: show it without its secrets, check a changed text exactly as `tidewatch check` does,
 * and keep one that is right. Nothing is taken up by writing: the answer says what a signal takes up and what a restart. The
 * settings that come with the package are never written, nor is a file that this process may not write: then there is no editor.
 */
import { createHash } from 'node:crypto';
import { basename, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { TidewatchError, toTidewatchError } from '../core/errors.ts';
import { withoutSecrets } from '../core/secret.ts';
import { MOST_SETTINGS_CHARACTERS, type SettingsDesk } from '../dashboards/settings_api.ts';
import { settingsFrom, type Settings } from './config.ts';
import { checkNamedFiles } from './named_files.ts';
import { loadNames } from './names.ts';
import { QUICKSTART } from './package_root.ts';
import { isWritable, readToReplace, replaceFile } from './replace_file.ts';
import { withMarks, withSecrets } from './settings_text.ts';

export interface SettingsFile {
  readonly path: string;
  /** As this process runs with them. */
  readonly running: Settings;
  /** The data folder that the command line names, whatever the file says. */
  readonly dataDir?: string | undefined;
}

type Changes = Awaited<ReturnType<SettingsDesk['check']>>['changed'];

export function createSettingsDesk({ path: given, running, dataDir }: SettingsFile): SettingsDesk {
  const path = resolve(given);
  /** One change at a time: each is checked against the file as it is. */
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const done = turn.then(work);
    turn = done.catch(() => undefined);
    return done;
  };

  /** The settings that a text says, or what is wrong with it, line by line. */
  async function read(
    text: string,
  ): Promise<{ settings: Settings } | { problems: { message: string; line: number | null }[] }> {
    try {
      const settings = settingsFrom(text, path, { dataDir });
      await loadNames(settings);
      await checkNamedFiles(settings, path);
      return { settings };
    } catch (thrown) {
      const { code, message } = toTidewatchError(thrown);
      if (code !== 'config.invalid' && code !== 'config.unreadable') throw thrown;
      return { problems: problemsOf(withoutSecrets(message), path) };
    }
  }

  async function show(): ReturnType<SettingsDesk['show']> {
    const source = await readToReplace(path);
    const marked = withMarks(source);
    const shown = withoutSecrets(marked);
    const locked =
      path === resolve(QUICKSTART)
        ? 'bundled'
        : source.length > MOST_SETTINGS_CHARACTERS
          ? 'too_long'
          : shown !== marked
            ? 'secret_in_text'
            : (await isWritable(path))
              ? null
              : 'read_only';
    return { file: basename(path), version: versionOf(source), text: shown, locked };
  }

  return {
    show,
    async check(text) {
      const result = await read(withSecrets(text, await readToReplace(path)));
      return 'problems' in result
        ? { problems: result.problems, changed: [] }
        : { problems: [], changed: changesOf(running, result.settings) };
    },
    save: (text, version) =>
      inTurn(async () => {
        const source = await readToReplace(path);
        if ((await show()).locked !== null) {
          throw new TidewatchError('input.conflict', `${basename(path)} is not to be changed by this page.`);
        }
        if (versionOf(source) !== version) {
          throw new TidewatchError('input.conflict', `${basename(path)} was changed meanwhile: look at it again.`);
        }
        const whole = withSecrets(text, source);
        const result = await read(whole);
        if ('problems' in result) {
          const words = result.problems.map(({ message }) => message).join('\n');
          throw new TidewatchError('input.unprocessable', words);
        }
        await replaceFile(path, whole);
        const changed = changesOf(running, result.settings);
        return { version: versionOf(whole), backup: `${basename(path)}.before`, changed };
      }),
  };
}

/** What differs from what runs, by section; a signal (SIGHUP) takes up the model, everything else a restart. */
function changesOf(running: Settings, next: Settings): Changes {
  const names = [...new Set([...Object.keys(running), ...Object.keys(next)])] as (keyof Settings)[];
  return names.flatMap((section) => {
    if (isDeepStrictEqual(running[section], next[section])) return [];
    const { backend: _, ...rest } = next.classifier;
    const { backend: __, ...before } = running.classifier;
    const takes = section === 'classifier' && isDeepStrictEqual(rest, before) ? 'signal' : 'restart';
    return [{ section, takes } as const];
  });
}

/** The lines of a refusal, each with the line of the file that it names. */
function problemsOf(message: string, path: string): { message: string; line: number | null }[] {
  const lines = message.split('\n').flatMap((line) => (line.startsWith('  - ') ? [line.slice(4)] : []));
  return (lines.length === 0 ? [message] : lines).map((line) => {
    const at = /:(\d+)\)/.exec(line)?.[1] ?? /at line (\d+)/.exec(line)?.[1];
    return { message: line.replaceAll(path, basename(path)), line: at === undefined ? null : Number(at) };
  });
}

function versionOf(source: string): string {
  return createHash('sha256').update(source).digest('hex').slice(0, 16);
}
