/**
 * Who changed what: a row a change, only ever added. Written by the router of the API for every route that changes
 * something, so that no route can forget it, and by the process where its settings changed. What was changed in detail is
 * in the rows of the thing itself (actions, feedback, removals), which are only ever added to as well.
 */
import { createHash, randomUUID } from 'node:crypto';
import { userInfo } from 'node:os';
import { isoTime } from './event.ts';
import type { Store } from './store/store.ts';

export interface AuditRow {
  readonly id: string;
  readonly at: string;
  /** Operation of the API, or `settings`. */
  readonly operation: string;
  /** Name of the token, `this machine` where none is asked for, `command:user` for the command line. */
  readonly actor: string;
  readonly role: string;
  readonly via: 'api' | 'command' | 'start';
  /** Id of what was changed. */
  readonly target: string;
  readonly request_id: string;
  /** Address that asked; empty for the command line. */
  readonly address: string;
  readonly detail: string;
}

/** Who runs this process; the number of a container's user that has no name. */
export function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 'unknown');
  }
}

/** Who runs this process, as the audit log names them. */
export function operator(): string {
  return `command:${userName()}`;
}

/** @throws TidewatchError storage.* */
export async function recordChange(store: Store, row: Omit<AuditRow, 'id' | 'at'>, now: number): Promise<void> {
  const id = randomUUID().replaceAll('-', '');
  await store.insert('audit', [{ id, at: isoTime(now), ...row }], id);
}

/**
 * Notes a start with other settings than the last: which sections differ. The digests are of the settings as read, secrets
 * among them, so that a changed token shows; a digest of a whole section tells nothing of it.
 */
export async function recordSettings(
  store: Store,
  settings: Readonly<Record<string, unknown>>,
  now: number,
): Promise<void> {
  const digests = Object.fromEntries(
    Object.entries(settings).map(([name, section]) => [
      name,
      createHash('sha256').update(JSON.stringify(section)).digest('hex').slice(0, 16),
    ]),
  );
  const [last] = await store.query<{ target: string; detail: string }>(
    `SELECT target, detail FROM audit WHERE operation = 'settings' ORDER BY at DESC, id DESC LIMIT 1`,
  );
  const target = createHash('sha256').update(JSON.stringify(digests)).digest('hex').slice(0, 16);
  if (last?.target === target) return;
  const before = (last === undefined ? {} : JSON.parse(last.detail)) as { sections?: Record<string, string> };
  const names = [...new Set([...Object.keys(digests), ...Object.keys(before.sections ?? {})])];
  const changed = names.filter((name) => before.sections?.[name] !== digests[name]);
  const detail = JSON.stringify({ changed, sections: digests });
  const row = {
    operation: 'settings',
    actor: operator(),
    role: 'admin',
    via: 'start',
    target,
    request_id: '',
    address: '',
  } as const;
  await recordChange(store, { ...row, detail }, now);
}
