/**
 * Whether the files that settings name are there and are what they should be: what a start would find out, without a start. What a
 * start would wait for (a file that may be put there later) is a warning.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { TidewatchError, toTidewatchError } from '../core/errors.ts';
import { createDoorServer, type TlsSettings } from '../core/tls.ts';
import type { Settings } from './config.ts';

interface Fault {
  readonly message: string;
  readonly isFatal: boolean;
}

/**
 * Resolves to the warnings. Stages that meet in Kafka may run on machines of their own, and a file be on another of them: then
 * all that is amiss is a warning.
 * @throws TidewatchError config.invalid, with one line a problem
 */
export async function checkNamedFiles(settings: Settings, path: string): Promise<string[]> {
  const faults = await findFaults(settings);
  const isOneMachine = settings.stream.type !== 'kafka';
  const problems = faults.filter(({ isFatal }) => isFatal && isOneMachine).map(({ message }) => message);
  if (problems.length === 0) return faults.map(({ message }) => message);
  const count = problems.length === 1 ? 'one problem' : `${problems.length} problems`;
  const lines = problems.map((message) => `  - ${message}`).join('\n');
  throw new TidewatchError('config.invalid', `${path} has ${count}:\n${lines}`, {
    hint: 'Paths are relative to the settings file.',
  });
}

async function findFaults(settings: Settings): Promise<Fault[]> {
  const { ingest, dashboards, monitor, classifier } = settings;
  const faults: (Fault | null)[] = [
    doorFault('dashboards.tls', dashboards.tls),
    doorFault('dashboards.clickhouse_http.tls', dashboards.clickhouse_http?.tls),
    doorFault('monitor.tls', monitor?.tls),
    await modelFault(classifier.backend),
    dashboards.prices === undefined ? null : await fileFault('dashboards.prices', dashboards.prices),
  ];
  for (const [index, source] of ingest.sources.entries()) {
    const place = `ingest.sources.${index}`;
    if (source.type === 'http') faults.push(doorFault(`${place}.tls`, source['tls'] as TlsSettings | undefined));
    if (source.type === 'file') faults.push(await fileFault(`${place}.path`, String(source['path'])));
  }
  return faults.filter((fault) => fault !== null);
}

/** Made and let go: it listens to nothing. */
function doorFault(place: string, tls: TlsSettings | undefined): Fault | null {
  try {
    createDoorServer(tls);
    return null;
  } catch (thrown) {
    return { message: `${place}: ${toTidewatchError(thrown).message.replace(/^tls: /, '')}`, isFatal: true };
  }
}

async function fileFault(place: string, path: string): Promise<Fault | null> {
  const info = await stat(path).catch(() => null);
  if (info === null) return { message: `${place}: there is no file ${path} yet`, isFatal: false };
  return info.isDirectory() ? { message: `${place}: ${path} is a folder, not a file`, isFatal: true } : null;
}

async function modelFault({ type, model }: Settings['classifier']['backend']): Promise<Fault | null> {
  // Of a remote one it is the name of what is served there.
  if (type === 'remote' || typeof model !== 'string') return null;
  const info = await stat(join(model, 'SHA256SUMS')).catch(() => null);
  if (info !== null) return null;
  return { message: `classifier.backend.model: ${model} is no folder of a model: it has no SHA256SUMS`, isFatal: true };
}
