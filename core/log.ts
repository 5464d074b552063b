/**
 * Logging by pino: JSON lines where a machine reads, plain lines at a terminal. Secrets never reach a line: settings
 * that hold one are redacted by name, known secrets by value (secret.ts), URLs are logged through `redactUrl`.
 */
import { pino, stdTimeFunctions, type Logger as PinoLogger } from 'pino';
import pretty from 'pino-pretty';
import { withoutSecrets } from './secret.ts';

export type Logger = PinoLogger;
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

const SECRET_NAMES = ['token', 'secret', 'password', 'authorization', 'webhook_url', 'api_key', 'author_salt'];

export function createLogger(options: { level: LogLevel; format: 'auto' | 'json' | 'text' }): Logger {
  const base = {
    level: options.level,
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    redact: { paths: SECRET_NAMES.flatMap((name) => [name, `*.${name}`]), censor: '[secret]' },
  };
  const plain = options.format === 'text' || (options.format === 'auto' && process.stderr.isTTY);
  if (!plain) return pino(base, guarded(pino.destination({ fd: 2, sync: true })));
  return pino(
    base,
    guarded(
      pretty({
        destination: 2,
        sync: true,
        colorize: process.stderr.isTTY && process.env['NO_COLOR'] === undefined,
        translateTime: 'SYS:HH:MM:ss',
        ignore: 'pid,hostname,stage',
        messageFormat: '{if stage}{stage}: {end}{msg}',
        singleLine: true,
      }),
    ),
  );
}

/** What writes to `destination`, without secrets. */
function guarded(destination: { write(line: string): unknown }): { write(line: string): void } {
  return { write: (line) => void destination.write(withoutSecrets(line)) };
}
