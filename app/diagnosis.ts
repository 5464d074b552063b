/** The checks of `tidewatch doctor`, each a function that finds something out by trying it. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, statfs } from 'node:fs/promises';
import { availableParallelism, freemem, tmpdir, totalmem } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { openBackend } from './backend.ts';
import { checkLibraries } from './diagnosis_libraries.ts';
import { isNodeEnough } from './node_version.ts';
import { explainError } from '../core/errors.ts';
import { systemClock } from '../core/clock.ts';
import { createLogger } from '../core/log.ts';
import { openStore } from '../core/store/registry.ts';
import { embeddedStreamSettings, openEmbeddedStream } from '../core/stream/embedded.ts';

export interface Check {
  readonly name: string;
  /** `absent` is optional and not here; `failed` is needed and does not work. */
  readonly status: 'ok' | 'absent' | 'failed';
  readonly found: string;
  readonly advice?: string;
}

const GIGABYTE = 1024 ** 3;
const quiet = createLogger({ level: 'silent', format: 'json' });

export async function diagnose(dataDir: string): Promise<Check[]> {
  const scratch = await mkdtemp(join(tmpdir(), 'tidewatch-doctor-'));
  try {
    return [
      checkNode(),
      checkMachine(),
      await checkDisk(dataDir),
      await tried('embedded stream (LMDB)', async () => {
        const stream = await openEmbeddedStream(embeddedStreamSettings.parse({}), {
          folder: join(scratch, 'stream'),
          clock: systemClock,
          log: quiet,
        });
        await stream.append('documents', [{ key: 'a', value: { b: 1 } }]);
        await stream.close();
        return 'appends and syncs';
      }),
      await tried('embedded store (chdb)', async () => {
        const store = await openStore({ type: 'chdb' }, { folder: join(scratch, 'store'), log: quiet });
        const rows = await store.query<{ version: string }>('SELECT version() AS version');
        await store.close();
        return `ClickHouse ${rows[0]?.version ?? ''} in process`;
      }),
      await tried('classifier (onnxruntime)', async () => {
        const { backend, close } = await openBackend({ backend: 'onnx' });
        const [labels] = await backend.classify(['Profit warning sends shares lower']);
        await close();
        return `${backend.model}, checksums right, answers ${labels?.sentiment ?? 'nothing'}`;
      }),
      await checkGpu(),
      ...(await checkLibraries()),
      await checkBrowser(),
    ];
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

function checkNode(): Check {
  const right = isNodeEnough(process.versions.node);
  return {
    name: 'Node',
    status: right ? 'ok' : 'failed',
    found: process.versions.node,
    ...(right ? {} : { advice: 'Install Node 20.19 or newer (20, 22 or 24).' }),
  };
}

function checkMachine(): Check {
  const memory = totalmem() / GIGABYTE;
  const found = `${availableParallelism()} cores, ${memory.toFixed(1)} GiB of memory, ${(freemem() / GIGABYTE).toFixed(1)} free`;
  return memory >= 2
    ? { name: 'machine', status: 'ok', found }
    : { name: 'machine', status: 'failed', found, advice: 'Tidewatch in one process wants 2 GiB.' };
}

async function checkDisk(dataDir: string): Promise<Check> {
  let folder = resolve(dataDir);
  for (;;) {
    const info = await statfs(folder).catch(() => null);
    if (info !== null) {
      const free = (info.bavail * info.bsize) / GIGABYTE;
      const found = `${free.toFixed(1)} GiB free under ${folder}`;
      return free >= 2
        ? { name: 'disk', status: 'ok', found }
        : { name: 'disk', status: 'failed', found, advice: 'Keep 2 GiB free for the stream and the store.' };
    }
    if (folder === dirname(folder)) return { name: 'disk', status: 'failed', found: `${dataDir} cannot be looked at` };
    folder = dirname(folder);
  }
}

async function tried(name: string, attempt: () => Promise<string>): Promise<Check> {
  try {
    return { name, status: 'ok', found: await attempt() };
  } catch (error) {
    const [found = '', ...advice] = explainError(error).split('\n');
    return { name, status: 'failed', found, ...(advice.length === 0 ? {} : { advice: advice.join(' ').trim() }) };
  }
}

async function checkGpu(): Promise<Check> {
  try {
    const query = ['--query-gpu=name,memory.total,driver_version', '--format=csv,noheader'];
    const { stdout } = await promisify(execFile)('nvidia-smi', query, { timeout: 5000 });
    return { name: 'GPU', status: 'ok', found: stdout.trim().split('\n').join('; ') };
  } catch {
    return {
      name: 'GPU',
      status: 'absent',
      found: 'none that nvidia-smi knows',
      advice: 'Not needed: the shipped model runs on the CPU.',
    };
  }
}

async function checkBrowser(): Promise<Check> {
  const name = 'Chromium (tests only)';
  const path = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';
  try {
    const { stdout } = await promisify(execFile)(path, ['--version'], { timeout: 5000 });
    return { name, status: 'ok', found: stdout.trim() };
  } catch {
    return {
      name,
      status: 'absent',
      found: `none at ${path}`,
      advice: 'Only for tests of the page: install chromium or set CHROMIUM_PATH.',
    };
  }
}
