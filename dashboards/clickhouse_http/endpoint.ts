/**
 * The embedded store as ClickHouse's clients know a server: its HTTP interface, for reading. On a port of its own, because
 * clients ask at the root path. Each question passes four gates: the password, the lexer (one statement, read without
 * doubt), the engine's own reading of it against lists of what is allowed, and readonly with limits that travel inside the
 * statement. Answers are the engine's bytes. Rejected: streaming (the embedded engine hands over a whole answer at once).
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { Service } from '../../core/lifecycle.ts';
import { listen, stopListening } from '../../core/listen.ts';
import type { Logger } from '../../core/log.ts';
import type { Metrics } from '../../core/metrics.ts';
import { callerOf, createRateLimit } from '../../core/rate_limit.ts';
import { requestIdOf } from '../../core/request_id.ts';
import { isSameSecret } from '../../core/secret.ts';
import type { Store } from '../../core/store/store.ts';
import { createDoorServer, doorUrl } from '../../core/tls.ts';
import { checkTree, functionRule, FUNCTIONS_QUERY, type FunctionRow, type FunctionRule } from './allowed.ts';
import { ClickHouseException, exceptionAnswer } from './exception.ts';
import { helloBlock, isHello } from './hello.ts';
import { credentialsOf, questionOf, unescaped, type Question } from './request.ts';
import type { ClickHouseHttpSettings } from './settings.ts';
import { checkSetting, putTogether, takeApart } from './statement.ts';

export interface ClickHouseHttpDependencies {
  readonly store: Store;
  readonly metrics: Metrics;
  readonly log: Logger;
}

export interface ClickHouseHttp extends Service {
  /** Where clients connect, such as http://127.0.0.1:8123. */
  address(): string;
}

/** Formats served, as the engine spells them, with their media types. */
const FORMATS: Readonly<Record<string, string>> = {
  JSON: 'application/json; charset=UTF-8',
  JSONCompact: 'application/json; charset=UTF-8',
  JSONEachRow: 'application/x-ndjson; charset=UTF-8',
  JSONCompactEachRow: 'application/x-ndjson; charset=UTF-8',
  JSONCompactEachRowWithNames: 'application/x-ndjson; charset=UTF-8',
  JSONCompactEachRowWithNamesAndTypes: 'application/x-ndjson; charset=UTF-8',
  CSV: 'text/csv; charset=UTF-8; header=absent',
  CSVWithNames: 'text/csv; charset=UTF-8; header=present',
  CSVWithNamesAndTypes: 'text/csv; charset=UTF-8; header=present',
  TSV: 'text/tab-separated-values; charset=UTF-8',
  TSVWithNames: 'text/tab-separated-values; charset=UTF-8',
  TSVWithNamesAndTypes: 'text/tab-separated-values; charset=UTF-8',
  TabSeparated: 'text/tab-separated-values; charset=UTF-8',
  TabSeparatedWithNames: 'text/tab-separated-values; charset=UTF-8',
  TabSeparatedWithNamesAndTypes: 'text/tab-separated-values; charset=UTF-8',
  RowBinary: 'application/octet-stream',
  RowBinaryWithNames: 'application/octet-stream',
  RowBinaryWithNamesAndTypes: 'application/octet-stream',
  Native: 'application/octet-stream',
};

const MAX_QUESTION_BYTES = 256 * 1_024;
/** Questions that wait for their turn; more are refused, so that a crowd cannot fill the memory. */
const MAX_WAITING = 32;

/** @throws TidewatchError server.port_taken from start() */
export function createClickHouseHttp(
  settings: ClickHouseHttpSettings,
  { store, metrics, log }: ClickHouseHttpDependencies,
): ClickHouseHttp {
  let engine: Promise<{ version: string; allowed: FunctionRule }> | undefined;
  let waiting = 0;
  const limit = createRateLimit(settings.requests_per_minute);

  async function readEngine(): Promise<{ version: string; allowed: FunctionRule }> {
    const [about] = await store.query<{ version: string }>('SELECT version() AS version');
    return {
      version: about?.version ?? '0.0.0.0',
      allowed: functionRule(await store.query<FunctionRow>(FUNCTIONS_QUERY)),
    };
  }
  async function engineFacts(): Promise<{ version: string; allowed: FunctionRule }> {
    engine ??= readEngine();
    try {
      return await engine;
    } catch (error) {
      engine = undefined;
      throw error;
    }
  }

  async function answer(question: Question): Promise<{ format: string; bytes: Uint8Array }> {
    const { version, allowed } = await engineFacts();
    const statement = takeApart(question.sql, settings);
    for (const [name, value] of question.settings) checkSetting(name, value, settings, false);
    const format = statement.format ?? question.format ?? 'TabSeparated';
    if (!Object.hasOwn(FORMATS, format)) {
      throw new ClickHouseException(
        'UNKNOWN_FORMAT',
        `Unknown format ${format.slice(0, 40)}: served are ${Object.keys(FORMATS).join(', ')}`,
      );
    }
    if (question.protocol > 0 && format === 'Native' && isHello(statement.body)) {
      return { format, bytes: helloBlock(version, question.protocol) };
    }
    const params: Record<string, unknown> = {};
    for (const [name, kind] of statement.parameters) {
      const value = question.params.get(name);
      // The embedded engine would take what an earlier question said.
      if (value === undefined)
        throw new ClickHouseException('UNKNOWN_QUERY_PARAMETER', `Substitution \`${name}\` is not set`);
      params[name] = kind === 'plain' ? unescaped(value) : value;
    }
    const explained = await store.queryBytes(`EXPLAIN AST ${statement.body}\nFORMAT CSV SETTINGS readonly = 1`, params);
    checkTree(Buffer.from(explained).toString(), statement.inner, allowed);
    const sql = putTogether(statement, { format, requested: question.settings, limits: settings });
    const bytes = await store.queryBytes(sql, params);
    if (bytes.length > settings.max_bytes) {
      throw new ClickHouseException(
        'TOO_MANY_ROWS_OR_BYTES',
        `Limit for result exceeded, max bytes: ${settings.max_bytes}, current bytes: ${bytes.length}`,
      );
    }
    return { format, bytes };
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const given = request.url ?? '/';
    if (!URL.canParse(given, 'http://endpoint')) {
      response.writeHead(400).end('The path cannot be read. Questions go to /\n');
      return;
    }
    const url = new URL(given, 'http://endpoint');
    if (url.pathname === '/ping' || url.pathname === '/replicas_status') {
      response.end('Ok.\n');
      return;
    }
    if (url.pathname !== '/' && url.pathname !== '/query') {
      response.writeHead(404).end('There is no handle for this path. Questions go to /\n');
      return;
    }
    if (request.method !== 'GET' && request.method !== 'POST' && request.method !== 'HEAD') {
      throw new ClickHouseException('UNSUPPORTED_METHOD', 'Only GET and POST are answered');
    }
    const wait = limit.take(callerOf(request.socket.remoteAddress));
    if (wait > 0) {
      const secs = Math.ceil(wait / 1000);
      response.setHeader('Retry-After', String(secs));
      throw new ClickHouseException('QUOTA_EXCEEDED', `Quota for requests has been exceeded: wait ${secs} s`);
    }
    checkCredentials(request, url.searchParams, settings);
    const body = request.method === 'POST' ? await readBody(request) : '';
    const question = questionOf(request.headers, url.searchParams, body);
    const id = /^[\w.:-]{1,100}$/.test(question.queryId ?? '') ? (question.queryId ?? '') : randomUUID();
    response.setHeader('X-ClickHouse-Query-Id', id);
    // As ClickHouse does for a question that is none: a sign of life.
    if (question.sql.trim() === '' && request.method !== 'POST') {
      response.end('Ok.\n');
      return;
    }
    if (waiting >= MAX_WAITING)
      throw new ClickHouseException(
        'TOO_MANY_SIMULTANEOUS_QUERIES',
        `Too many simultaneous queries. Maximum: ${MAX_WAITING}`,
      );
    waiting += 1;
    try {
      const { format, bytes } = await answer(question);
      response.setHeader('Content-Type', FORMATS[format] ?? 'application/octet-stream');
      response.setHeader('X-ClickHouse-Format', format);
      response.setHeader('X-ClickHouse-Timezone', 'UTC');
      const zipped =
        url.searchParams.get('enable_http_compression') === '1' &&
        /\bgzip\b/.test(request.headers['accept-encoding'] ?? '');
      if (zipped) response.setHeader('Content-Encoding', 'gzip');
      response.end(zipped ? await promisify(gzip)(bytes) : bytes);
    } finally {
      waiting -= 1;
    }
  }

  async function fail(thrown: unknown, response: ServerResponse): Promise<void> {
    const version = await engineFacts().then(
      (facts) => facts.version,
      () => '0',
    );
    const known = exceptionAnswer(thrown, version);
    metrics.stage('dashboards').error(known === null ? 'storage.unavailable' : 'input.invalid');
    const request_id = response.getHeader('X-Request-Id');
    if (known === null) log.error({ err: thrown, request_id }, 'A question to the ClickHouse endpoint failed');
    if (response.headersSent) {
      response.destroy();
      return;
    }
    response.setHeader('Content-Type', 'text/plain; charset=UTF-8');
    response.setHeader('X-ClickHouse-Exception-Code', String(known?.code ?? 1_002));
    if (known?.status === 401) response.setHeader('WWW-Authenticate', 'Basic realm="ClickHouse server HTTP API"');
    response.statusCode = known?.status ?? 500;
    response.end(known?.text ?? 'Code: 1002. DB::Exception: The store does not answer now. (UNKNOWN_EXCEPTION)\n');
  }

  let server: Server | undefined;
  let address = doorUrl(settings.tls, settings.host, settings.port);
  return {
    name: 'clickhouse_http',
    async start() {
      const timeouts = { requestTimeout: 30_000, headersTimeout: 15_000 };
      const created = createDoorServer(settings.tls, timeouts, (request, response) => {
        const given = request.headers['x-request-id'];
        response.setHeader('X-Request-Id', requestIdOf(typeof given === 'string' ? given : undefined));
        response.setHeader('X-Content-Type-Options', 'nosniff');
        response.setHeader('X-ClickHouse-Server-Display-Name', 'tidewatch');
        serve(request, response).catch((error: unknown) => fail(error, response));
      });
      created.maxHeadersCount = 100;
      const hint = 'Check dashboards.clickhouse_http.host and dashboards.clickhouse_http.port.';
      const port = await listen(created, settings.host, settings.port, hint);
      server = created;
      address = doorUrl(settings.tls, settings.host, port);
      log.info(`ClickHouse clients can read the store at ${address} as ${settings.username}`);
    },
    async stop() {
      await stopListening(server);
    },
    address: () => address,
  };
}

function checkCredentials(request: IncomingMessage, search: URLSearchParams, settings: ClickHouseHttpSettings): void {
  const given = credentialsOf(request.headers, search);
  if (given === null)
    throw new ClickHouseException('REQUIRED_PASSWORD', 'Password required: user and password are set here');
  const right = isSameSecret(given.username, settings.username);
  // Both are always compared: how long an answer takes says nothing about which was wrong.
  if (!isSameSecret(given.password, settings.password) || !right) {
    throw new ClickHouseException(
      'AUTHENTICATION_FAILED',
      'Authentication failed: password is incorrect, or there is no user with such name',
    );
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_QUESTION_BYTES)
      throw new ClickHouseException('TOO_LARGE_STRING_SIZE', `The question is longer than ${MAX_QUESTION_BYTES} bytes`);
    chunks.push(chunk);
  }
  const bytes = Buffer.concat(chunks);
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding === 'identity') return bytes.toString();
  if (encoding !== 'gzip')
    throw new ClickHouseException('BAD_ARGUMENTS', `Content-Encoding ${encoding.slice(0, 20)} is not taken; gzip is`);
  try {
    return (await promisify(gunzip)(bytes, { maxOutputLength: MAX_QUESTION_BYTES })).toString();
  } catch {
    throw new ClickHouseException(
      'TOO_LARGE_STRING_SIZE',
      `The question is no gzip, or longer than ${MAX_QUESTION_BYTES} bytes`,
    );
  }
}
