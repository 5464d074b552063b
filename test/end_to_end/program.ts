/** Runs the built `tidewatch` as a user does: a child process, its output, its signals. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
export const BUILT_CLI = join(REPOSITORY, 'dist', 'app', 'cli.js');

export interface Program {
  readonly child: ChildProcess;
  output(): string;
  /** Resolves with the exit code, or the signal's name. */
  readonly exited: Promise<number | string>;
  /** Resolves when the output matches; rejects on exit or after `ms`. */
  seen(pattern: RegExp, ms?: number): Promise<RegExpMatchArray>;
}

export function run(
  args: readonly string[],
  options: { cli?: string; cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Program {
  const cli = options.cli ?? BUILT_CLI;
  if (!existsSync(cli)) throw new Error(`${cli} is not there: npm run build first`);
  const child = spawn(process.execPath, [cli, ...args], {
    cwd: options.cwd ?? REPOSITORY,
    env: { ...process.env, NO_COLOR: '1', ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const exited = new Promise<number | string>((resolve) => {
    child.once('close', (code, signal) => resolve(code ?? signal ?? 'unknown'));
  });
  return {
    child,
    output: () => text,
    exited,
    seen: (pattern, ms = 60_000) =>
      until(
        () => text.match(pattern),
        ms,
        () => `no ${pattern} in:\n${text.slice(-3000)}`,
        exited.then((code) => {
          const match = text.match(pattern);
          if (match === null) throw new Error(`exited with ${code} before ${pattern}:\n${text.slice(-3000)}`);
          return match;
        }),
      ),
  };
}

/** Polls until `probe` gives something; rejects after `ms` with what `describe` says. */
export async function until<T>(
  probe: () => T | null | undefined | false | Promise<T | null | undefined | false>,
  ms: number,
  describe: () => string,
  race?: Promise<T>,
): Promise<T> {
  const deadline = Date.now() + ms;
  const poll = async (): Promise<T> => {
    for (;;) {
      let failure: unknown;
      // A server that is not up yet refuses the connection: that is a "not yet" like any other.
      const found = await Promise.resolve(probe()).catch((error: unknown) => void (failure = error));
      if (found !== null && found !== undefined && found !== false) return found;
      if (Date.now() > deadline) throw new Error(`timed out after ${ms} ms: ${describe()}`, { cause: failure });
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  return race === undefined ? poll() : Promise.race([poll(), race]);
}
