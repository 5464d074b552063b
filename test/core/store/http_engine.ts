/**
 * ClickHouse's HTTP interface, as much of it as @clickhouse/client uses, in front of the in-process engine: statement in
 * the body or in ?query=, settings and param_* in the URL. So the server path of the store runs over real HTTP and real
 * SQL where no server can be had.
 */
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import type { Session } from 'chdb';

type SessionConstructor = new (path: string) => Session;
const NOT_SETTINGS = new Set([
  'query',
  'query_id',
  'database',
  'default_format',
  'session_id',
  'role',
  'wait_end_of_query',
]);

export async function startHttpEngine(folder: string): Promise<{ url: string; stop(): Promise<void> }> {
  const { Session } = createRequire(import.meta.url)('chdb') as { Session: SessionConstructor };
  const session = new Session(folder);
  let last: Promise<unknown> = Promise.resolve();

  async function run(url: URL, body: string): Promise<string> {
    const search = url.searchParams;
    const setup: string[] = [`USE ${search.get('database') ?? 'default'}`];
    for (const [name, value] of search) {
      if (NOT_SETTINGS.has(name) || name.includes('http')) continue;
      setup.push(`SET ${name} = '${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`);
    }
    const query = search.get('query');
    const sql = `${setup.join('; ')}; ${query === null ? body : `${query}\n${body}`}`;
    const result = await session.queryAsync(sql, {});
    return result.text();
  }

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'http://engine');
      const work = last.then(() => run(url, Buffer.concat(chunks).toString()));
      last = work.catch(() => undefined);
      work.then(
        (text) => response.end(text),
        (error: unknown) => {
          response.statusCode = 500;
          response.end(error instanceof Error ? error.message : String(error));
        },
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      await new Promise((resolve) => server.close(resolve));
      await last;
      session.close();
    },
  };
}
