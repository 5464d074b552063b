/** The ClickHouse door over a real store, asked by the clients that will ask it. */
import { execFileSync, execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, get, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createClient, ClickHouseLogLevel, type ClickHouseClient } from '@clickhouse/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLogger } from '../../../core/log.ts';
import { createMetrics } from '../../../core/metrics.ts';
import { openStore } from '../../../core/store/registry.ts';
import { opinionRow } from '../../../core/store/rows.ts';
import type { Store } from '../../../core/store/store.ts';
import { createClickHouseHttp, type ClickHouseHttp } from '../../../dashboards/clickhouse_http/endpoint.ts';
import { clickhouseHttpSettings } from '../../../dashboards/clickhouse_http/settings.ts';
import { dashboardsSettings } from '../../../dashboards/settings.ts';
import { sampleOpinions } from '../sample.ts';
import { HOSTILE } from './hostile.ts';

const PASSWORD = "right-horse 'battery";
const log = createLogger({ level: 'silent', format: 'json' });
const folder = mkdtempSync(join(tmpdir(), 'tidewatch-door-'));
const outside = join(folder, 'outside');
const opinions = sampleOpinions(Date.UTC(2026, 2, 15));
const metrics = createMetrics();
let store: Store;
let door: ClickHouseHttp;
let client: ClickHouseClient;
let canary: Server;
let visits = 0;

beforeAll(async () => {
  mkdirSync(outside);
  writeFileSync(join(outside, 'secret.csv'), 'the secret\n');
  store = await openStore({ type: 'chdb' }, { folder: join(folder, 'store'), log });
  await store.migrate();
  await store.insert('opinions', opinions.map(opinionRow), 'a');
  // Written twice, in another batch: a reader must not count it twice.
  await store.insert('opinions', opinions.slice(0, 50).map(opinionRow), 'b');
  const settings = clickhouseHttpSettings.parse({
    port: 0,
    password: PASSWORD,
    max_rows: 5_000,
    max_secs: 2,
    max_bytes: 1_000_000,
  });
  door = createClickHouseHttp(settings, { store, metrics, log });
  await door.start();
  client = createClient({
    url: door.address(),
    username: 'reader',
    password: PASSWORD,
    log: { level: ClickHouseLogLevel.OFF },
  });
  canary = createServer((_, response) => {
    visits += 1;
    response.end('1\n');
  });
  await new Promise<void>((resolve) => canary.listen(0, '127.0.0.1', resolve));
}, 120_000);

afterAll(async () => {
  await client.close();
  await door.stop();
  await store.close();
  await new Promise((resolve) => canary.close(resolve));
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

const basic = `Basic ${Buffer.from(`reader:${PASSWORD}`).toString('base64')}`;
const ask = (query: string, search = ''): Promise<Response> =>
  fetch(`${door.address()}/?${search}`, { method: 'POST', body: query, headers: { authorization: basic } });

describe('the ClickHouse door', () => {
  it('is shut unless it is set, and wants a password of some length', () => {
    expect(dashboardsSettings.parse({}).clickhouse_http).toBeUndefined();
    expect(() => clickhouseHttpSettings.parse({})).toThrow(/password/);
    expect(() => clickhouseHttpSettings.parse({ password: 'short' })).toThrow(/12/);
    expect(clickhouseHttpSettings.parse({ password: PASSWORD }).host).toBe('127.0.0.1');
  });

  it('takes user and password the three ways ClickHouse does, and nobody without', async () => {
    const url = door.address();
    const asked = 'query=SELECT%201';
    expect(await (await fetch(`${url}/?${asked}`, { headers: { authorization: basic } })).text()).toBe('1\n');
    const key = { 'x-clickhouse-user': 'reader', 'x-clickhouse-key': PASSWORD };
    expect(await (await fetch(`${url}/?${asked}`, { headers: key })).text()).toBe('1\n');
    const account = new URLSearchParams({ user: 'reader', password: PASSWORD }).toString();
    expect(await (await fetch(`${url}/?${asked}&${account}`)).text()).toBe('1\n');
    const nobody = await fetch(`${url}/?${asked}`);
    expect(nobody.status).toBe(401);
    expect(nobody.headers.get('x-clickhouse-exception-code')).toBe('194');
    for (const headers of [
      { ...key, 'x-clickhouse-key': '' },
      { ...key, 'x-clickhouse-user': 'default' },
    ]) {
      const refused = await fetch(`${url}/?${asked}`, { headers });
      expect(refused.status).toBe(403);
      expect(await refused.text()).toMatch(/^Code: 516\. DB::Exception: .*AUTHENTICATION_FAILED/);
    }
    expect(await (await fetch(`${url}/ping`)).text()).toBe('Ok.\n');
    expect((await fetch(`${url}/play`)).status).toBe(404);
  });

  it('says of a path that is none that it cannot be read, and writes no error of its own', async () => {
    const before = await metrics.registry.getSingleMetric('tidewatch_errors_total')?.get();
    for (const path of ['//', 'http://[', '///']) {
      const status = await new Promise<number | undefined>((resolve, reject) => {
        const { hostname, port } = new URL(door.address());
        get({ host: hostname, port, path }, (response) => {
          response.resume();
          resolve(response.statusCode);
        }).on('error', reject);
      });
      expect([path, status]).toEqual([path, 400]);
    }
    expect(await metrics.registry.getSingleMetric('tidewatch_errors_total')?.get()).toEqual(before);
  });

  it('answers @clickhouse/client: parameters, formats, settings, its ping, its errors', async () => {
    expect(await client.ping()).toEqual({ success: true });
    const one = await client.query({
      query:
        'SELECT count() AS n FROM opinions WHERE language = {l:String} AND source IN {s:Array(String)} AND published_at < {t:DateTime64(3)}',
      query_params: { l: 'zh', s: ['微澜', "it's\t\\"], t: new Date('2027-01-01T00:00:00Z') },
      format: 'JSONEachRow',
      clickhouse_settings: { max_execution_time: 1 },
    });
    const expected = opinions.filter(({ document }) => document.source === '微澜' && document.language === 'zh').length;
    expect(await one.json()).toEqual([{ n: expected }]);
    const whole = await client.query({
      query: 'SELECT count() AS n, uniqExact(document_id) AS d FROM opinions',
      format: 'JSON',
    });
    expect(await whole.json()).toMatchObject({
      meta: [{ name: 'n', type: 'UInt64' }, { name: 'd' }],
      data: [{ n: opinions.length, d: opinions.length }],
      rows: 1,
    });
    const compact = await client.query({
      query: "SELECT 'a', published_at FROM opinions ORDER BY published_at DESC LIMIT 1",
      format: 'JSONCompact',
    });
    expect(await compact.json()).toMatchObject({ data: [['a', '2026-03-15 00:00:00.000']] });
    await expect(client.query({ query: 'SELECT nothing FROM opinions' })).rejects.toMatchObject({
      code: '47',
      type: 'UNKNOWN_IDENTIFIER',
    });
    await expect(client.query({ query: 'SELECT {x:UInt8}' })).rejects.toMatchObject({ code: '456' });
    await expect(
      client.insert({ table: 'opinions', values: [{ document_id: 'x' }], format: 'JSONEachRow' }),
    ).rejects.toThrow();
    await expect(client.command({ query: 'DROP TABLE opinions' })).rejects.toMatchObject({
      code: '164',
      type: 'READONLY',
    });
  });

  it('takes times as the engine does, in UTC whatever the zone of this machine, and as ISO 8601', async () => {
    const zone = process.env['TZ'];
    process.env['TZ'] = 'Asia/Shanghai';
    try {
      expect(new Date(2026, 0, 1).getTimezoneOffset()).toBe(-480);
      const asked = [
        ['DateTime', '2026-01-01 10:00:00', '2026-01-01 10:00:00'],
        ['Nullable(DateTime)', '2026-01-01 10:00:00', '2026-01-01 10:00:00'],
        ['DateTime', '1767225600', '2026-01-01 00:00:00'],
        ['DateTime', '2026-01-01T10:00:00.500Z', '2026-01-01 10:00:00'],
        ['DateTime64(3)', '2026-01-01 10:00:00', '2026-01-01 10:00:00.000'],
        ['DateTime64(3)', '2026-01-01T10:00:00.123', '2026-01-01 10:00:00.123'],
        ['DateTime64(3)', '2026-01-01T10:00:00.123+08:00', '2026-01-01 02:00:00.123'],
        ['DateTime64(6)', '2026-01-01 10:00:00.123456', '2026-01-01 10:00:00.123456'],
        ['DateTime64(6)', '2026-01-01T10:00:00.123456Z', '2026-01-01 10:00:00.123456'],
        ["DateTime64(3, 'UTC')", '1767225600.123', '2026-01-01 00:00:00.123'],
      ];
      for (const [type = '', given = '', text = ''] of asked) {
        const search = new URLSearchParams({ param_t: given }).toString();
        const answer = await (
          await ask(`SELECT {t:${type}}, toUnixTimestamp64Milli(toDateTime64({t:${type}}, 3))`, search)
        ).text();
        const instant = Date.parse(`${text.slice(0, 23).replace(' ', 'T')}Z`);
        expect([type, given, answer]).toEqual([type, given, `${text}\t${instant}\n`]);
      }
    } finally {
      if (zone === undefined) delete process.env['TZ'];
      else process.env['TZ'] = zone;
    }
  });

  it('answers in every format that it names, in bytes as ClickHouse writes them', async () => {
    const bytes = async (format: string): Promise<Buffer> => {
      const response = await ask("SELECT 7 AS a, 'ü,\"' AS b", `default_format=${format}`);
      expect(response.headers.get('x-clickhouse-format')).toBe(format);
      return Buffer.from(await response.arrayBuffer());
    };
    const name = Buffer.from('\u0002\u0001a\u0001b\u0005UInt8\u0006String');
    const row = Buffer.concat([Buffer.from([7, 4]), Buffer.from('ü,"')]);
    expect(await bytes('RowBinary')).toEqual(row);
    expect(await bytes('RowBinaryWithNamesAndTypes')).toEqual(Buffer.concat([name, row]));
    expect(await bytes('Native')).toEqual(
      Buffer.concat([Buffer.from('\u0002\u0001\u0001a\u0005UInt8\u0007\u0001b\u0006String\u0004'), Buffer.from('ü,"')]),
    );
    expect((await bytes('CSV')).toString()).toBe('7,"ü,"""\n');
    expect((await bytes('CSVWithNames')).toString()).toBe('"a","b"\n7,"ü,"""\n');
    expect((await bytes('TSVWithNames')).toString()).toBe('a\tb\n7\tü,"\n');
    expect(JSON.parse((await bytes('JSONCompact')).toString())).toMatchObject({ data: [[7, 'ü,"']] });
    const named = await ask('SELECT 1 FORMAT JSONEachRow;', 'default_format=CSV');
    expect(await named.text()).toBe('{"1":1}\n');
    const zipped = await fetch(`${door.address()}/?enable_http_compression=1&query=SELECT%201`, {
      headers: { authorization: basic, 'accept-encoding': 'gzip', 'x-clickhouse-format': 'TSV' },
    });
    expect(zipped.headers.get('content-encoding')).toBe('gzip');
    expect(await zipped.text()).toBe('1\n');
    expect(zipped.headers.get('x-clickhouse-query-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('passes what readers ask: joins, windows, common tables, arrays, combinators, SHOW, DESCRIBE, EXISTS, EXPLAIN', async () => {
    const asked = [
      'WITH x AS (SELECT topic, count() AS n FROM opinions GROUP BY topic) SELECT topic, n, sum(n) OVER (ORDER BY n ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM x ORDER BY n',
      "SELECT toStartOfInterval(published_at, INTERVAL 1 HOUR) AS t, countIf(sentiment = 'negative') / count(), quantilesTDigestIf(0.5, 0.9)(confidence, language = 'zh') FROM opinions GROUP BY t ORDER BY t WITH FILL STEP INTERVAL 1 HOUR",
      'SELECT e, uniqExact(story) FROM opinions ARRAY JOIN entities AS e GROUP BY e HAVING e != {none:String} LIMIT 5',
      "SELECT CASE WHEN confidence > 0.5 THEN 'sure' ELSE 'not' END AS c, arrayMap(x -> x + 1, [1, 2])[1], topic_probabilities['Earnings'], title LIKE '%a%' FROM opinions LIMIT 2",
      'SELECT a.source FROM opinions AS a LEFT JOIN (SELECT source, max(confidence) AS m FROM opinions GROUP BY source SETTINGS final = 1) AS b USING (source) LIMIT 1 BY a.source SETTINGS max_threads = 1',
      'SELECT 1 UNION ALL SELECT 2 -- a comment; with a semicolon',
      'SELECT number FROM numbers(3) FORMAT CSV SETTINGS max_result_rows = 3',
      'SELECT version(), timezone(), currentDatabase(), now() > toDateTime(0)',
      "SELECT name FROM system.columns WHERE database = 'default' AND table = 'opinions'",
      'SHOW TABLES',
      'SHOW DATABASES',
      'DESCRIBE TABLE opinions',
      'EXISTS TABLE opinions',
      'SHOW CREATE TABLE opinions',
      'EXPLAIN SELECT count() FROM opinions',
    ];
    for (const query of asked) {
      const response = await ask(query, 'param_none=x');
      const text = await response.text();
      expect(`${response.status} ${query}${response.status === 200 ? '' : text}`).toBe(`200 ${query}`);
      expect(text).not.toBe('');
    }
  }, 30_000);

  it('refuses every hostile statement, and data and files stay as they were', async () => {
    const statements = Object.values(HOSTILE).flat();
    expect(statements.length).toBeGreaterThan(100);
    const url = `http://127.0.0.1:${(canary.address() as AddressInfo).port}`;
    const before = await store.query('SHOW TABLES');
    const answered: string[] = [];
    for (const statement of statements) {
      const query = statement.replaceAll('$FOLDER', outside).replaceAll('$URL', url);
      const response = await ask(query);
      const text = await response.text();
      if (response.status < 400 || !/^Code: \d+\. DB::Exception: /.test(text))
        answered.push(`${statement} → ${text.slice(0, 80)}`);
    }
    expect(answered).toEqual([]);
    expect(visits).toBe(0);
    expect(readdirSync(outside)).toEqual(['secret.csv']);
    expect(readFileSync(join(outside, 'secret.csv'), 'utf8')).toBe('the secret\n');
    expect(await store.query('SHOW TABLES')).toEqual(before);
    expect(await store.query('SELECT count() AS n FROM opinions')).toEqual([{ n: opinions.length }]);
    await store.insert('opinions', opinions.slice(0, 1).map(opinionRow), 'after');
  }, 120_000);

  it('refuses settings of the request that lift a limit, parameters that name tables, and what is too long', async () => {
    for (const search of [
      'max_memory_usage=0',
      'allow_ddl=1',
      'format_schema_path=/etc',
      'max_execution_time=1000;DROP',
      'compress=1',
      'database=system',
    ]) {
      const response = await ask('SELECT 1 FROM numbers(10)', search);
      expect([search, response.status >= 400 || search.startsWith('max_execution_time')]).toEqual([search, true]);
    }
    const named = await ask('SELECT * FROM {t:Identifier}', 'param_t=system.processes');
    expect(await named.text()).toMatch(/ACCESS_DENIED/);
    expect((await ask(`SELECT '${'x'.repeat(300_000)}'`)).status).toBe(413);
    expect((await ask('SELECT count() FROM numbers(100000000000)', 'max_execution_time=1000')).status).toBe(408);
    expect(await (await ask('SELECT number FROM numbers(100)', 'max_result_rows=10')).text()).toMatch(/Code: 396/);
    expect((await fetch(`${door.address()}/`, { method: 'PUT', headers: { authorization: basic } })).status).toBe(501);
  }, 30_000);

  it('does not hand the start of a failed answer to the next reader', async () => {
    expect((await ask('SELECT number FROM numbers(1000000) FORMAT JSONCompact')).status).toBe(500);
    expect(await (await ask('SELECT 1 FORMAT CSV')).text()).toBe('1\n');
    await ask('SELECT number FROM numbers(1000000) FORMAT JSONCompact');
    expect(await store.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });
});

const FIXTURE = new URL('../../fixtures/clickhouse_go/', import.meta.url).pathname;
const noGo = (() => {
  try {
    execFileSync('go', ['version'], { stdio: 'ignore' });
    return existsSync(join(FIXTURE, 'go.sum')) ? null : 'go.sum is absent';
  } catch {
    return 'Go is not installed';
  }
})();
if (noGo !== null) console.info(`clickhouse-go is not tried: ${noGo}`);

describe.skipIf(noGo !== null)('clickhouse-go over HTTP, as Grafana speaks', () => {
  it('connects, reads and is refused like at a server, plain and with gzip', async () => {
    const program = join(folder, 'probe');
    await promisify(execFile)('go', ['build', '-p', '1', '-o', program, '.'], { cwd: FIXTURE, timeout: 400_000 });
    const host = new URL(door.address()).host;
    for (const compression of ['none', 'gzip']) {
      const { stdout } = await promisify(execFile)(program, [
        host,
        'reader',
        PASSWORD,
        compression,
        "SELECT toString(count()) AS n FROM opinions WHERE language = 'zh'",
        'SELECT source FROM opinions GROUP BY source ORDER BY source',
        "SELECT file('/etc/hostname')",
        'DROP TABLE opinions',
      ]);
      const [hello, count, sources, file, drop] = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>);
      expect(hello).toMatchObject({ timezone: 'UTC' });
      expect(hello?.['version']).toMatch(/^\d+\.\d+/);
      const chinese = opinions.filter(({ document }) => document.language === 'zh').length;
      expect(count).toEqual({ columns: ['n'], rows: [String(chinese)] });
      expect(sources?.['rows']).toHaveLength(new Set(opinions.map(({ document }) => document.source)).size);
      expect(file?.['error']).toMatch(/497|ACCESS_DENIED|privileges/);
      expect(drop?.['error']).toMatch(/164|READONLY|readonly/);
    }
  }, 420_000);
});
