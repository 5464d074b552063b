/** The fields of one entry of the watchlist: names a line each. */
import type { WatchlistEntryAnswer } from '../contract.ts';
import { useInterface } from './i18n.ts';

export type Entry = Pick<WatchlistEntryAnswer['entry'], 'id' | 'name' | 'kind'> &
  Partial<WatchlistEntryAnswer['entry']>;

const LISTS = ['aliases', 'aliases_zh', 'tickers', 'codes', 'ambiguous', 'cased', 'context', 'not'] as const;
const KINDS = ['company', 'institution', 'asset', 'sector'] as const;

interface FieldsProps {
  readonly entry: Entry;
  /** An id stays for ever. */
  readonly isNew: boolean;
  change(changed: Partial<Entry>): void;
}

export function EntryFields({ entry, isNew, change }: FieldsProps) {
  const { text } = useInterface();
  return (
    <>
      <Line name={text.entry_id} hint={text.entry_id_hint}>
        <input
          required
          maxLength={60}
          readOnly={!isNew}
          value={entry.id}
          onInput={(event) => change({ id: event.currentTarget.value })}
        />
      </Line>
      <Line name={text.entry_name}>
        <input
          required
          maxLength={200}
          value={entry.name}
          onInput={(event) => change({ name: event.currentTarget.value })}
        />
      </Line>
      <Line name={text.entry_name_zh}>
        <input
          lang="zh-CN"
          maxLength={200}
          value={entry.name_zh ?? ''}
          onInput={(event) => change({ name_zh: event.currentTarget.value || undefined } as Partial<Entry>)}
        />
      </Line>
      <Line name={text.entry_kind}>
        <select value={entry.kind} onChange={(event) => change({ kind: event.currentTarget.value as Entry['kind'] })}>
          {KINDS.map((kind) => (
            <option key={kind} value={kind}>
              {text[`kind_${kind}`]}
            </option>
          ))}
        </select>
      </Line>
      {LISTS.map((list) => (
        <Line key={list} name={text[`entry_${list}`]} hint={text[`entry_${list}_hint`]}>
          <textarea
            rows={Math.min(6, Math.max(2, (entry[list]?.length ?? 0) + 1))}
            defaultValue={(entry[list] ?? []).join('\n')}
            onInput={(event) => change({ [list]: linesOf(event.currentTarget.value) })}
          />
        </Line>
      ))}
    </>
  );
}

/** Whether two entries say the same: what is empty says as little as what is not there, and blanks around a name are not kept. */
export function isSameEntry(one: Entry, other: Entry): boolean {
  const said = (entry: Entry): string =>
    JSON.stringify(
      Object.entries(entry)
        .map(([name, value]) => [name, typeof value === 'string' ? value.trim() : value] as const)
        .filter(([, value]) => value !== undefined && value !== null && value.length > 0)
        .toSorted(([a], [b]) => (a < b ? -1 : 1)),
    );
  return said(one) === said(other);
}

/** Whether what was kept in the browser has the form of an entry; the server looks closer. */
export function isEntry(kept: unknown): kept is Entry {
  if (typeof kept !== 'object' || kept === null) return false;
  const given = kept as Record<string, unknown>;
  const isOf = (names: readonly string[], is: (value: unknown) => boolean): boolean =>
    names.every((name) => given[name] === undefined || given[name] === null || is(given[name]));
  return (
    ['id', 'name', 'kind'].every((name) => typeof given[name] === 'string') &&
    isOf(['name_zh'], (value) => typeof value === 'string') &&
    isOf(LISTS, Array.isArray)
  );
}

function Line({ name, hint, children }: { name: string; hint?: string; children: preact.ComponentChildren }) {
  return (
    <label class="upkeep-line">
      <span class="field-name">{name}</span>
      {children}
      {hint !== undefined && <span class="muted small">{hint}</span>}
    </label>
  );
}

const linesOf = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
