/**
 * ClickHouse's HTTP interface, as much of it as @clickhouse/client, curl and Grafana's queries use, reading and writing, in
 * front of the in-process engine: statement in the body or in ?query=, settings and param_* in the URL, and as on a server
 * no setting outlives its request. So the server path of the store runs over real HTTP and real SQL where no server can be
 * had. Statements take turns. As a program: `tsx http_engine.ts FOLDER [PORT]` serves until it is killed.
 */
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Session } from 'chdb';

type SessionConstructor = new (path: string, options?: { connectionArgs?: string[] }) => Session;
const NOT_SETTINGS = new Set([
  'query',
  'query_id',
  'database',
  'default_format',
  'session_id',
  'role',
  'user',
  'password',
  'wait_end_of_query',
]);

export interface HttpEngine {
  readonly url: string;
  /** Each statement with the settings it came with, in order. */
  readonly statements: readonly { readonly sql: string; readonly settings: Readonly<Record<string, string>> }[];
  stop(): Promise<void>;
}

export interface HttpEngineOptions {
  readonly port?: number;
  /** A server's configuration file, as where ZooKeeper is. */
  readonly configFile?: string;
}

export async function startHttpEngine(folder: string, options: HttpEngineOptions = {}): Promise<HttpEngine> {
  const { Session } = createRequire(import.meta.url)('chdb') as { Session: SessionConstructor };
  const { configFile } = options;
  const session = new Session(
    folder,
    configFile === undefined ? {} : { connectionArgs: [`--config-file=${configFile}`] },
  );
  const statements: { sql: string; settings: Record<string, string> }[] = [];
  const everSet = new Set<string>();
  let last: Promise<unknown> = Promise.resolve();

  async function run(url: URL, body: string): Promise<Uint8Array> {
    const search = url.searchParams;
    const settings: Record<string, string> = {};
    for (const [name, value] of search) {
      if (!NOT_SETTINGS.has(name) && !name.includes('http')) settings[name] = value;
    }
    const setup = [`USE ${search.get('database') ?? 'default'}`];
    for (const name of everSet) if (!(name in settings)) setup.push(`SET ${name} = DEFAULT`);
    for (const [name, value] of Object.entries(settings)) {
      setup.push(`SET ${name} = '${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`);
      if (!name.startsWith('param_')) everSet.add(name);
    }
    const query = search.get('query');
    const sql = query === null ? body : `${query}\n${body}`;
    statements.push({ sql, settings });
    const format = search.get('default_format') ?? 'TabSeparated';
    const result = await session.queryAsync(`${setup.join('; ')}; ${sql}`, { format });
    return result.bytes();
  }

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'http://engine');
      if (url.pathname === '/ping') {
        response.end('Ok.\n');
        return;
      }
      const work = last.then(() => run(url, Buffer.concat(chunks).toString()));
      last = work.catch(() => undefined);
      work.then(
        (bytes) => response.end(bytes),
        (error: unknown) => {
          response.statusCode = 500;
          response.end(error instanceof Error ? error.message : String(error));
        },
      );
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    statements,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await last;
      session.close();
    },
  };
}

const [, program, folder, port] = process.argv;
if (program === fileURLToPath(import.meta.url) && folder !== undefined) {
  const { url } = await startHttpEngine(folder, { port: Number(port ?? 0) });
  console.log(`serves ${url}`);
  process.on('SIGTERM', () => process.exit(0));
}
