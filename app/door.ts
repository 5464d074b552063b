/**
 * How a command reaches the alerts: through the HTTP door of the process that runs, or, where none runs, by the same routes
 * over the store itself. The command does not need to know which.
 */
import { Hono } from 'hono';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { operator, recordChange } from '../core/audit.ts';
import { systemClock } from '../core/clock.ts';
import { TidewatchError, toTidewatchError } from '../core/errors.ts';
import { createHttpClient } from '../core/http.ts';
import { createLogger } from '../core/log.ts';
import { openStore } from '../core/store/registry.ts';
import { doorUrl } from '../core/tls.ts';
import { ROLES } from '../dashboards/access.ts';
import type { Problem } from '../dashboards/contract.ts';
import { createRouter, type Asking, type Change } from '../dashboards/router.ts';
import { ROUTES } from '../dashboards/routes.ts';
import { createServices } from '../dashboards/services.ts';
import type { Settings } from './config.ts';
import { lockStore, lockUnlessAnswering, requireDataFolder } from './data_folder.ts';
import { learningOf } from './models.ts';
import { VERSION } from './package_root.ts';

export interface Door {
  /** @throws TidewatchError input.invalid in the other side's words, http.*, storage.* */
  get<Answer>(path: string): Promise<Answer>;
  post<Answer>(path: string, body: object): Promise<Answer>;
  close(): Promise<void>;
}

/** Where the server of these settings listens, for a client on this machine. */
function addressOf({ dashboards: { host, port, tls } }: Settings): string {
  return doorUrl(tls, host === '0.0.0.0' ? '127.0.0.1' : host === '::' || host === '[::]' ? '::1' : host, port);
}

/** The token with the most rights: whoever reads the settings file has them all anyway. */
function tokenOf({ dashboards: { token, tokens } }: Settings): string | undefined {
  if (token !== undefined) return token;
  return ROLES.flatMap((role) => tokens.filter((one) => one.role === role)).at(-1)?.token;
}

/** What the command line says of the way: `--url`, and `--data` where the folder is not that of the settings. */
export interface DoorChoice {
  readonly url?: string | undefined;
  readonly data?: string | undefined;
}

/**
 * Opens the door: `url` where it is given, else the server of the settings where it answers, else the store. Who names a folder
 * means what lies in it: whatever answers at the address is asked only where a process holds that folder.
 * @throws TidewatchError storage.locked when a process holds the data folder and its server does not answer, input.invalid where
 * there is no data folder
 */
export async function openDoor(settings: Settings, { url, data }: DoorChoice = {}): Promise<Door> {
  if (url === undefined && data !== undefined && settings.store.type === 'chdb') {
    requireDataFolder(settings.data_dir);
    const unlock = await lockUnlessAnswering(settings.data_dir);
    if (unlock !== null) return overStore(settings, unlock);
  }
  const token = tokenOf(settings);
  const address = (url ?? addressOf(settings)).replace(/\/+$/, '');
  const served = overHttp(address, token);
  try {
    await served.get('/silences');
    return served;
  } catch (thrown) {
    const error = toTidewatchError(thrown);
    if (url !== undefined || error.code !== 'http.unavailable') {
      await served.close();
      throw error.code === 'http.unavailable' ? unanswered(error) : error;
    }
  }
  await served.close();
  return overStore(settings, await lockUnanswered(settings, address));
}

function overHttp(address: string, token: string | undefined): Door {
  const http = createHttpClient({ userAgent: 'tidewatch' });
  const headers = {
    'content-type': 'application/json',
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };
  async function ask<Answer>(path: string, body: object | null): Promise<Answer> {
    const answer = await http.fetch(`${address}/api${path}`, {
      method: body === null ? 'GET' : 'POST',
      headers,
      ...(body === null ? {} : { body: JSON.stringify(body) }),
      maxRedirects: 0,
      trustHost: true,
    });
    return read(answer.status, answer.body.toString('utf8')) as Answer;
  }
  return { get: (path) => ask(path, null), post: ask, close: () => http.close() };
}

/** Who asks a page of their own is not helped by a word about the internet. */
function unanswered(error: TidewatchError): TidewatchError {
  const hint = 'Is Tidewatch running there? --url is the address of its page, such as http://127.0.0.1:8080.';
  return new TidewatchError(error.code, error.message, { cause: error, hint });
}

type Unlock = () => Promise<void>;

async function lockUnanswered(settings: Settings, address: string): Promise<Unlock> {
  return lockStore(settings).catch((thrown: unknown) => {
    const error = toTidewatchError(thrown);
    if (error.code !== 'storage.locked') throw error;
    throw new TidewatchError('storage.locked', `${error.message}, and nothing answers at ${address}`, {
      hint: 'Give the address of its page with --url.',
    });
  });
}

async function overStore(settings: Settings, unlock: Unlock): Promise<Door> {
  try {
    const log = createLogger({ level: 'error', format: 'auto' });
    const store = await openStore(settings.store, { folder: join(settings.data_dir, 'store'), log });
    await store.migrate();
    const services = createServices({
      store,
      clock: systemClock,
      via: 'command',
      version: VERSION,
      live: null,
      explain: null,
      learning: learningOf(settings, { store, clock: systemClock, reference: () => null }),
      sources: () => [],
      model: () => null,
      names: (id) => ({ en: id, zh: id }),
    });
    const api = new Hono<Asking>();
    api.use(async (context, next) => {
      context.set('actor', { name: operator(), role: 'admin', isNamed: false });
      context.set('requestId', randomUUID());
      await next();
    });
    const changed = ({ operation, target, actor, requestId, detail }: Change): Promise<void> =>
      recordChange(
        store,
        {
          operation,
          target,
          actor: actor.name,
          role: actor.role,
          via: 'command',
          request_id: requestId,
          address: '',
          detail,
        },
        systemClock.now(),
      );
    api.route('/', createRouter(ROUTES, services, changed));
    api.onError((error) => {
      throw error;
    });
    async function ask<Answer>(path: string, body: object | null): Promise<Answer> {
      const answer = await api.request(path, {
        method: body === null ? 'GET' : 'POST',
        headers: { 'content-type': 'application/json' },
        ...(body === null ? {} : { body: JSON.stringify(body) }),
      });
      return read(answer.status, await answer.text()) as Answer;
    }
    return {
      get: (path) => ask(path, null),
      post: ask,
      async close() {
        await store.close();
        await unlock();
      },
    };
  } catch (error) {
    await unlock();
    throw error;
  }
}

function read(status: number, text: string): unknown {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    body = null;
  }
  if (status >= 200 && status < 300 && body !== null) return body;
  const { detail } = (body ?? {}) as Partial<Problem>;
  const message = detail ?? `answered ${status}, which is no answer of Tidewatch`;
  throw new TidewatchError(status === 503 ? 'storage.unavailable' : 'input.invalid', message, {
    ...(status === 401 && { hint: 'Set dashboards.token in the settings given with --config.' }),
  });
}
