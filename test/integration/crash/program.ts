/**
 * One process of the pipeline, kept running as a service manager would (a program that ends is started again), until it
 * is killed on purpose. What it says goes to a file.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

export interface Program {
  readonly name: string;
  /** kill -9; it stays down until `start`. */
  kill(): Promise<void>;
  start(): void;
  /** SIGTERM; resolves with the exit code, or the signal that ended it. */
  stop(): Promise<number | string>;
  /** What it printed on stdout since its last start. */
  said(): string;
  /** How often it ended without being asked to. */
  deaths(): number;
}

const AGAIN_AFTER_MS = 500;

export function createProgram(name: string, args: readonly string[], logFile: string): Program {
  let child: ChildProcess | undefined;
  let wanted = false;
  let deaths = 0;
  let text = '';
  const log = createWriteStream(logFile, { flags: 'a' });
  process.once('exit', () => child?.kill('SIGKILL'));

  function start(): void {
    wanted = true;
    text = '';
    const own = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    child = own;
    log.write(`--- ${new Date().toISOString()} start, process ${own.pid}\n`);
    own.stdout.on('data', (chunk: Buffer) => {
      if (text.length < 10_000) text += chunk.toString();
      log.write(chunk);
    });
    own.stderr.on('data', (chunk: Buffer) => log.write(chunk));
    own.once('exit', (code, signal) => {
      log.write(`--- ${new Date().toISOString()} ended: ${code ?? signal}\n`);
      if (!wanted || child !== own) return;
      deaths += 1;
      void wait(AGAIN_AFTER_MS).then(() => {
        if (wanted && child === own) start();
      });
    });
  }

  function end(signal: NodeJS.Signals): Promise<number | string> {
    wanted = false;
    const own = child;
    if (own === undefined || own.exitCode !== null || own.signalCode !== null) return Promise.resolve('gone');
    const gone = new Promise<number | string>((resolve) => own.once('exit', (code, by) => resolve(code ?? by ?? '')));
    own.kill(signal);
    return gone;
  }

  return {
    name,
    start,
    async kill() {
      await end('SIGKILL');
    },
    stop: () => end('SIGTERM'),
    said: () => text,
    deaths: () => deaths,
  };
}
