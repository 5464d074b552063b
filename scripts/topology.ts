/**
 * `npm run topology`: the distributed form by hand, where there is no Docker. The same processes as in docker-compose.yml
 * with the same settings file (deploy/demo.yaml, or another of deploy/ as argument) and secrets made by the same script: a Kafka broker, a ClickHouse over
 * HTTP, ingest, two classifiers, alerting, dashboards. Broker and store are the first that can be had (test/kafka_broker.ts,
 * test/clickhouse_server.ts); it prints which. Ctrl-C ends all of them.
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';
import { startClickHouse } from '../test/clickhouse_server.ts';
import { startKafkaBroker } from '../test/kafka_broker.ts';
import { freePort } from '../test/free_port.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const CLI = join(ROOT, 'dist', 'app', 'cli.js');

/** Name of each process and its stage: as the services of docker-compose.yml, the classifier twice. */
export const PROCESSES = [
  ['ingest', 'ingest'],
  ['classifier-1', 'classifier'],
  ['classifier-2', 'classifier'],
  ['alerting', 'alerting'],
  ['dashboards', 'dashboards'],
] as const;
export type ProcessName = (typeof PROCESSES)[number][0];

interface SettingsFile {
  [section: string]: Record<string, unknown>;
}

export interface TopologyOptions {
  /** File of deploy/; demo.yaml without it. */
  readonly settings?: string;
  /** Changes the settings of all processes before they start. */
  readonly change?: (settings: SettingsFile) => void;
  /** Where the page listens; a free port without it. */
  readonly pagePort?: number;
}

export interface Topology {
  readonly broker: string;
  readonly store: string;
  readonly storeUrl: string;
  readonly page: string;
  readonly token: string;
  /** Address of each process' health and metrics. */
  readonly monitors: ReadonlyMap<ProcessName, string>;
  readonly monitorToken: string;
  /** What a process has said. */
  output(name: ProcessName): string;
  /** Kills a process without warning and starts it again on its folder. */
  restart(name: ProcessName): Promise<void>;
  stop(): Promise<void>;
}

/** Resolves when every process says that it is healthy; rejects with `missing` in the message where no broker can be had. */
export async function startTopology({
  settings: file = 'demo.yaml',
  change,
  pagePort,
}: TopologyOptions = {}): Promise<Topology> {
  if (!existsSync(CLI)) throw new Error(`${CLI} is not there: npm run build first`);
  const broker = await startKafkaBroker();
  if ('missing' in broker) throw new Error(`missing: ${broker.missing}`);
  const clickhouse = await startClickHouse();
  const folder = await mkdtemp(join(tmpdir(), 'tidewatch-topology-'));
  execFileSync(process.execPath, [join(ROOT, 'deploy', 'secrets.mjs'), join(folder, 'secrets')], { stdio: 'ignore' });
  const secrets = join(folder, 'secrets', 'tidewatch');
  const secret = async (name: string): Promise<string> => (await readFile(join(secrets, name), 'utf8')).trim();
  // A server of one's own has its own password; the in-process engine asks for none.
  await rm(join(secrets, 'clickhouse_password'));
  await writeFile(join(secrets, 'clickhouse_password'), clickhouse.password);
  const environment = {
    ...process.env,
    NO_COLOR: '1',
    TIDEWATCH_KAFKA: broker.brokers[0],
    TIDEWATCH_CLICKHOUSE: clickhouse.url,
    TIDEWATCH_CLICKHOUSE_USER: clickhouse.username,
    TIDEWATCH_SECRETS: secrets,
  };
  const page = `http://127.0.0.1:${pagePort ?? (await freePort())}`;
  const monitors = new Map<ProcessName, string>();
  const running = new Map<ProcessName, ChildProcess>();
  const said = new Map<ProcessName, string>();

  async function configure(name: ProcessName): Promise<void> {
    const settings = parse(await readFile(join(ROOT, 'deploy', file), 'utf8')) as SettingsFile;
    const monitor = `http://127.0.0.1:${await freePort()}`;
    monitors.set(name, monitor);
    settings['monitor'] = { ...settings['monitor'], host: '127.0.0.1', port: Number(new URL(monitor).port) };
    settings['dashboards'] = { ...settings['dashboards'], host: '127.0.0.1', port: Number(new URL(page).port) };
    change?.(settings);
    // Paths in it are relative to deploy/.
    await writeFile(join(folder, `${name}.yaml`), stringify(settings).replaceAll('../', `${ROOT}/`));
  }

  function start(name: ProcessName, role: string): void {
    const data = join(folder, name);
    const args = [CLI, 'up', '--role', role, '--config', join(folder, `${name}.yaml`), '--data', data];
    const child = spawn(process.execPath, args, { cwd: folder, env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    const hear = (chunk: Buffer): void => void said.set(name, (said.get(name) ?? '') + chunk.toString());
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    running.set(name, child);
  }

  /** One that ends before it is healthy is started again, as by compose's restart policy: a new broker is not ready for all. */
  async function healthy(name: ProcessName, role: string): Promise<void> {
    let restarts = 0;
    for (const deadline = Date.now() + 180_000; ; await new Promise((resolve) => setTimeout(resolve, 200))) {
      const response = await fetch(`${monitors.get(name)}/healthz`).catch(() => null);
      if (response?.ok === true) return;
      const ended = running.get(name)?.exitCode !== null;
      if (ended && restarts < 5) {
        restarts += 1;
        start(name, role);
      } else if (ended || Date.now() > deadline) {
        throw new Error(`${name} does not run:\n${said.get(name)?.slice(-3000) ?? ''}`);
      }
    }
  }

  async function end(name: ProcessName, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = running.get(name);
    running.delete(name);
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('close', resolve));
    child.kill(signal);
    const patience = setTimeout(() => child.kill('SIGKILL'), 30_000);
    await gone;
    clearTimeout(patience);
  }

  async function stop(): Promise<void> {
    process.off('exit', killAll);
    // Writers before readers, as a drain of the pipeline.
    for (const [name] of PROCESSES) await end(name, 'SIGTERM');
    await broker_.stop();
    await clickhouse.stop();
    await rm(folder, { recursive: true, force: true });
  }
  const broker_ = broker;
  const killAll = (): void => running.forEach((child) => child.kill('SIGKILL'));
  process.once('exit', killAll);

  try {
    for (const [name] of PROCESSES) await configure(name);
    for (const [name, role] of PROCESSES) start(name, role);
    for (const [name, role] of PROCESSES) await healthy(name, role);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    broker: broker.kind,
    store: clickhouse.kind,
    storeUrl: clickhouse.url,
    page,
    token: await secret('dashboards_token'),
    monitors,
    monitorToken: await secret('monitor_token'),
    output: (name) => said.get(name) ?? '',
    async restart(name) {
      await end(name, 'SIGKILL');
      const role = PROCESSES.find(([one]) => one === name)?.[1] ?? '';
      start(name, role);
      await healthy(name, role);
    },
    stop,
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , settings] = process.argv;
  const topology = await startTopology({ pagePort: 8080, ...(settings && { settings }) });
  console.log(`broker: ${topology.broker}\nstore: ${topology.store}, ${topology.storeUrl}`);
  console.log(`the page: ${topology.page}, token ${topology.token}`);
  for (const [name, address] of topology.monitors) console.log(`${name}: ${address}/healthz`);
  let stopping = false;
  process.on('SIGINT', () => {
    if (stopping) process.exit(1);
    stopping = true;
    console.log('stopping; once more to stop at once');
    void topology.stop().then(() => process.exit(0));
  });
}
