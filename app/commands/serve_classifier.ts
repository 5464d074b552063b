/**
 * `tidewatch serve-classifier`: one model behind HTTP, for any number of processes whose backend is `remote`. On SIGHUP it reads its
 * certificate again, and with --config the settings file, whose model takes over without a gap. Whoever asks for the old one
 * by its name is refused until it is told too, so that no labels pass for another model's.
 */
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import type { Backend } from '../../classifier/backend.ts';
import { createDoor } from '../../classifier/backends/remote_door.ts';
import { createModelSwap } from '../../classifier/swap.ts';
import { explainError, TidewatchError } from '../../core/errors.ts';
import { createLogger, type Logger } from '../../core/log.ts';
import { createMetrics } from '../../core/metrics.ts';
import { hideSecret } from '../../core/secret.ts';
import { reloadCertificates, type TlsSettings } from '../../core/tls.ts';
import { openBackend } from '../backend.ts';
import { endAtOnce } from '../end_process.ts';

interface ServeOptions {
  host: string;
  port: string;
  backend: string;
  config?: string;
  tokenFile?: string;
  certFile?: string;
  keyFile?: string;
}

export function serveClassifierCommand(): Command {
  return new Command('serve-classifier')
    .description('label for other machines by HTTP: what their backend `remote` asks (POST /v1/classify)')
    .option('--host <address>', 'address to listen on; any other than this machine needs --token-file', '127.0.0.1')
    .option('--port <number>', 'port to listen on; 0 picks a free one', '8090')
    .option('--token-file <file>', 'file with the secret that callers must give, at least 16 characters')
    .option('--cert-file <file>', 'speak HTTPS with this certificate (PEM); read again on SIGHUP')
    .option('--key-file <file>', 'its private key (PEM)')
    .option('--backend <name>', 'classifier backend (tidewatch list backend)', 'onnx')
    .option(
      '--config <file>',
      "settings file whose classifier.backend is used, instead of the backend's defaults; read again on SIGHUP",
    )
    .action(async (options: ServeOptions) => {
      const token = readToken(options.tokenFile);
      const port = Number(options.port);
      if (!Number.isInteger(port) || port < 0 || port > 65_535) {
        throw new TidewatchError('config.invalid', `--port: ${options.port} is no port`);
      }
      const log = createLogger({ level: 'info', format: 'auto' });
      // Without a listener SIGHUP would end the process; what is changed while the model is opened is taken up right afterwards.
      let reload = (): void => void (isAsked = true);
      let isAsked = false;
      if (process.platform !== 'win32') process.on('SIGHUP', () => reload());
      const swap = createModelSwap(await openModel(options), { log, metrics: createMetrics().model });
      try {
        const door = createDoor(swap, { host: options.host, port, token, tls: readTls(options), log });
        await door.start();
        reload = () => {
          reloadCertificate(options, log);
          if (options.config !== undefined) void swap.swap(() => openModel(options));
        };
        if (isAsked) reload();
        log.info(
          `${swap.current().model} labels at ${door.address()}${token === undefined ? ', without a token' : ''}`,
        );
        await untilStopped();
        log.info('Finishing what is in hand; once more to stop at once');
        await door.stop();
      } finally {
        await swap.close();
      }
    });
}

/** The backend, which takes what it was opened with along when it is closed. */
async function openModel(options: ServeOptions): Promise<Backend> {
  const { backend, close } = await openBackend(options);
  return { ...backend, close };
}

function readTls({ certFile, keyFile }: ServeOptions): TlsSettings | undefined {
  if (certFile === undefined && keyFile === undefined) return undefined;
  if (certFile !== undefined && keyFile !== undefined) return { cert_file: certFile, key_file: keyFile };
  throw new TidewatchError('config.invalid', '--cert-file and --key-file are given together or not at all');
}

/** SIGHUP: the certificate is read again; a wrong one is told and the old one kept. */
function reloadCertificate({ certFile }: ServeOptions, log: Logger): void {
  if (certFile === undefined) return;
  try {
    reloadCertificates();
    log.info('SIGHUP: the certificate was read again');
  } catch (error) {
    log.error(`SIGHUP: the certificate is kept: ${explainError(error)}`);
  }
}

function readToken(file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  let token: string;
  try {
    token = readFileSync(file, 'utf8').trim();
  } catch (cause) {
    throw new TidewatchError('config.invalid', `--token-file: ${file} cannot be read`, { cause });
  }
  hideSecret(token);
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
