/**
 * The schema of a cluster. Every statement is parsed by the real engine, and the tables are made over a real ZooKeeper, the
 * one that comes with Kafka's jars. There it ends: the in-process engine never starts replicating (its replicas stay
 * read-only) and knows no ON CLUSTER, so inserts into a cluster are not tried.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { forReplication } from '../../../core/store/replication.ts';
import { MIGRATION_TABLES, MIGRATIONS } from '../../../core/store/schema.ts';
import { kafkaJars } from '../../kafka_maven.ts';
import { until } from '../../end_to_end/program.ts';
import { startHttpEngine, type HttpEngine } from './http_engine.ts';
import { freePort } from '../../free_port.ts';

const STATEMENTS = [...MIGRATION_TABLES, ...MIGRATIONS.flatMap(({ statements }) => statements)];
const folders: string[] = [];
const made = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'tidewatch-replicated-'));
  folders.push(folder);
  return folder;
};
const run = promisify(execFile);
const jars = await (async () => {
  try {
    await run('java', ['-version']);
    return await kafkaJars();
  } catch {
    return { missing: 'no Java' };
  }
})();
if (typeof jars !== 'string') console.info(`skipped: replicated tables over ZooKeeper: ${jars.missing}`);

afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

/** The answer to ZooKeeper's four-letter word srvr. */
function keeperSays(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(port, '127.0.0.1', () => socket.write('srvr'));
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    socket.once('close', () => resolve(text)).once('error', reject);
  });
}

describe('the schema of a cluster', () => {
  it('is the schema of one server, untouched, where nothing is replicated', () => {
    for (const statement of STATEMENTS)
      expect(forReplication(statement, { replicated: false, database: 'tidewatch' })).toBe(statement);
  });

  it('names its place in Keeper, keeps its arguments, and goes to the whole cluster', () => {
    const cluster = { replicated: true, cluster: 'tide', database: 'tidewatch' };
    const create = STATEMENTS.find((one) => one.includes('TABLE IF NOT EXISTS opinions ')) ?? '';
    const text = forReplication(create, cluster);
    expect(text).toContain("CREATE TABLE IF NOT EXISTS opinions ON CLUSTER 'tide'");
    expect(text).toContain(
      "ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/tidewatch/opinions', '{replica}', labelled_at)",
    );
    expect(text).toMatch(/SETTINGS replicated_deduplication_window = 10000, replicated_deduplication_window_seconds/);
  });

  it('is understood by the engine, statement by statement', { timeout: 60_000 }, async () => {
    const engine = await startHttpEngine(await made());
    try {
      for (const cluster of ['tide', undefined]) {
        for (const statement of STATEMENTS) {
          const text = forReplication(statement, { replicated: true, cluster, database: 'tidewatch' });
          const written = text.replaceAll('\\', '\\\\').replaceAll("'", "\\'");
          const response = await fetch(engine.url, { method: 'POST', body: `SELECT formatQuery('${written}')` });
          expect(response.status, text).toBe(200);
          const parsed = await response.text();
          const tables = statement.match(/CREATE TABLE/g)?.length ?? 0;
          expect(parsed.match(/ENGINE = Replicated\w*MergeTree\(/g)?.length ?? 0, text).toBe(tables);
          if (cluster !== undefined && /^\s*(CREATE|ALTER)/.test(statement))
            expect(parsed).toContain('ON CLUSTER tide');
        }
      }
    } finally {
      await engine.stop();
    }
  });
});

describe.skipIf(typeof jars !== 'string')('replicated tables over a ZooKeeper', { timeout: 120_000 }, () => {
  let keeper: ChildProcess;
  let engine: HttpEngine;
  let folder: string;

  beforeAll(async () => {
    folder = await made();
    const port = await freePort();
    await writeFile(
      join(folder, 'zoo.cfg'),
      `tickTime=2000\ndataDir=${join(folder, 'keeper')}\nclientPort=${port}\nclientPortAddress=127.0.0.1\nadmin.enableServer=false\n4lw.commands.whitelist=*\n`,
    );
    const java = ['-Xmx128m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-cp', join(jars as string, '*')];
    keeper = spawn('java', [...java, 'org.apache.zookeeper.server.ZooKeeperServerMain', join(folder, 'zoo.cfg')], {
      stdio: 'ignore',
    });
    await until(
      async () => (await keeperSays(port)).includes('Mode: standalone'),
      60_000,
      () => 'ZooKeeper does not serve',
    );
    await writeFile(
      join(folder, 'config.xml'),
      `<clickhouse><zookeeper><node><host>127.0.0.1</host><port>${port}</port></node></zookeeper>
       <macros><shard>01</shard><replica>one</replica></macros></clickhouse>`,
    );
    engine = await startHttpEngine(join(folder, 'data'), { configFile: join(folder, 'config.xml') });
  }, 120_000);

  afterAll(async () => {
    await engine.stop();
    keeper.kill('SIGKILL');
  }, 60_000);

  it('are made as the schema says, each at its own place in Keeper', async () => {
    const ask = async (sql: string): Promise<string> => {
      const response = await fetch(engine.url, { method: 'POST', body: sql });
      const text = await response.text();
      if (!response.ok) throw new Error(`${text}\n${sql}`);
      return text;
    };
    const creates = STATEMENTS.filter((one) => /^\s*CREATE TABLE/.test(one));
    for (const statement of creates) await ask(forReplication(statement, { replicated: true, database: 'default' }));
    const made_ = await ask("SELECT name, engine FROM system.tables WHERE engine LIKE '%MergeTree' ORDER BY name");
    const rows = made_.trim().split('\n');
    expect(rows).toHaveLength(creates.length);
    for (const row of rows) expect(row).toMatch(/\tReplicated(Replacing|Aggregating)?MergeTree$/);
    // The same place is taken now: Keeper knows it.
    await ask('RENAME TABLE actions TO actions_elsewhere');
    await expect(
      ask(
        forReplication(creates.find((one) => one.includes(' actions ')) ?? '', {
          replicated: true,
          database: 'default',
        }),
      ),
    ).rejects.toThrow(/REPLICA_ALREADY_EXISTS|already exists/);
  });
});
