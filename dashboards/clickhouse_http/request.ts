/** A request of a ClickHouse client taken apart: who asks, what, with which parameters and settings. No I/O. */
import { ClickHouseException } from './exception.ts';

export interface Question {
  readonly sql: string;
  readonly queryId: string | null;
  /** As the client asks for where the statement names none. */
  readonly format: string | null;
  /** As HTTP carries them. */
  readonly params: ReadonlyMap<string, string>;
  readonly settings: ReadonlyMap<string, string>;
  /** client_protocol_version; 0 where the client does not say. */
  readonly protocol: number;
}

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** Of the HTTP interface itself, with no bearing on the answer here. */
const NOT_SETTINGS =
  /^(query|query_id|database|default_format|user|password|quota_key|role|session_id|session_timeout|session_check|client_protocol_version|enable_http_compression|http_.*|send_progress_in_http_headers|wait_end_of_query|buffer_size|add_http_cors_header|cancel_http_readonly_queries_on_client_close|decompress|param_.*|timezone)$/;

/** Who asks: X-ClickHouse-User and -Key, basic auth, or user and password of the URL, as ClickHouse takes them; null for nobody. */
export function credentialsOf(headers: Headers, search: URLSearchParams): Credentials | null {
  const one = (name: string): string | undefined => {
    const value = headers[name];
    return typeof value === 'string' ? value : undefined;
  };
  const user = one('x-clickhouse-user');
  if (user !== undefined) return { username: user, password: one('x-clickhouse-key') ?? '' };
  const basic = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(one('authorization') ?? '')?.[1];
  if (basic !== undefined) {
    const [username = '', ...rest] = Buffer.from(basic, 'base64').toString().split(':');
    return { username, password: rest.join(':') };
  }
  const username = search.get('user');
  return username === null ? null : { username, password: search.get('password') ?? '' };
}

/** @throws ClickHouseException UNKNOWN_DATABASE, BAD_ARGUMENTS */
export function questionOf(headers: Headers, search: URLSearchParams, body: string): Question {
  const header = (name: string): string | null => {
    const value = headers[name];
    return typeof value === 'string' && value !== '' ? value : null;
  };
  const database = search.get('database') ?? header('x-clickhouse-database') ?? 'default';
  if (database !== 'default' && database !== '') {
    throw new ClickHouseException(
      'UNKNOWN_DATABASE',
      `Database ${database.slice(0, 80)} does not exist: the tables are in default`,
    );
  }
  if (search.get('compress') === '1') {
    throw new ClickHouseException('BAD_ARGUMENTS', 'compress=1 is not served here; Accept-Encoding: gzip is');
  }
  const settings = new Map<string, string>();
  const params = new Map<string, string>();
  for (const [name, value] of search) {
    if (name.startsWith('param_')) params.set(name.slice('param_'.length), value);
    else if (!NOT_SETTINGS.test(name)) settings.set(name, value);
  }
  const query = search.get('query') ?? '';
  return {
    sql: query === '' ? body : body === '' ? query : `${query}\n${body}`,
    queryId: search.get('query_id') ?? header('x-clickhouse-query-id'),
    format: search.get('default_format') ?? header('x-clickhouse-format'),
    params,
    settings,
    protocol: Number(search.get('client_protocol_version') ?? 0) || 0,
  };
}

const ESCAPES: Readonly<Record<string, string>> = { b: '\b', f: '\f', r: '\r', n: '\n', t: '\t', '0': '\0' };

/** A plain parameter from the text that HTTP carries (the escapes of TSV, \N for null). */
export function unescaped(value: string): string | null {
  if (value === '\\N') return null;
  return value.replaceAll(/\\([\s\S])/g, (_, letter: string) => ESCAPES[letter] ?? letter);
}
