/** `tidewatch serve-classifier`: one model behind HTTP, for any number of processes whose backend is `remote`. */
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { createDoor } from '../../classifier/backends/remote_door.ts';
import { TidewatchError } from '../../core/errors.ts';
import { createLogger } from '../../core/log.ts';
import { openBackend } from '../backend.ts';
import { endAtOnce } from '../end_process.ts';

interface ServeOptions {
  host: string;
  port: string;
  backend: string;
  config?: string;
  tokenFile?: string;
}

export function serveClassifierCommand(): Command {
  return new Command('serve-classifier')
    .description('label for other machines by HTTP: what their backend `remote` asks (POST /v1/classify)')
    .option('--host <address>', 'address to listen on; any other than this machine needs --token-file', '127.0.0.1')
    .option('--port <number>', 'port to listen on; 0 picks a free one', '8090')
    .option('--token-file <file>', 'file with the secret that callers must give, at least 16 characters')
    .option('--backend <name>', 'classifier backend (tidewatch list backend)', 'onnx')
    .option('--config <file>', "settings file whose classifier.backend is used, instead of the backend's defaults")
    .action(async (options: ServeOptions) => {
      const token = readToken(options.tokenFile);
      const port = Number(options.port);
      if (!Number.isInteger(port) || port < 0 || port > 65_535) {
        throw new TidewatchError('config.invalid', `--port: ${options.port} is no port`);
      }
      const log = createLogger({ level: 'info', format: 'auto' });
      const { backend, close } = await openBackend(options);
      try {
        const door = createDoor(backend, { host: options.host, port, token, log });
        await door.start();
        log.info(`${backend.model} labels at ${door.address()}${token === undefined ? ', without a token' : ''}`);
        await untilStopped();
        log.info('Finishing what is in hand; once more to stop at once');
        await door.stop();
      } finally {
        await close();
      }
    });
}

function readToken(file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  let token: string;
  try {
    token = readFileSync(file, 'utf8').trim();
  } catch (cause) {
    throw new TidewatchError('config.invalid', `--token-file: ${file} cannot be read`, { cause });
  }
  if (token.length >= 16) return token;
  throw new TidewatchError('config.invalid', `--token-file: the token in ${file} has fewer than 16 characters`);
}

/** Until the first signal to stop; the second one ends the process. */
function untilStopped(): Promise<void> {
  return new Promise((resolve) => {
    let stopping = false;
    const stop = (signal: 'SIGINT' | 'SIGTERM'): void => {
      if (stopping) endAtOnce(signal);
      stopping = true;
      resolve();
    };
    process.on('SIGINT', () => stop('SIGINT')).on('SIGTERM', () => stop('SIGTERM'));
  });
}
