/**
 * One entry of the watchlist as a form: names a line each, tried on recent documents, kept, or removed. What is wrong with it the
 * server says, by the same rules as at its start.
 */
import { useState } from 'preact/hooks';
import type { WatchlistEntryAnswer, WatchlistPreviewAnswer } from '../contract.ts';
import { useFeedback } from './feedback.tsx';
import { useInterface } from './i18n.ts';
import { postAnswer } from './remote.ts';
import { routeHref } from './route.ts';
import { EntryPreview } from './watchlist_preview.tsx';

export type Entry = Pick<WatchlistEntryAnswer['entry'], 'id' | 'name' | 'kind'> &
  Partial<WatchlistEntryAnswer['entry']>;

const LISTS = ['aliases', 'aliases_zh', 'tickers', 'codes', 'ambiguous', 'cased', 'context', 'not'] as const;
const KINDS = ['company', 'institution', 'asset', 'sector'] as const;

interface FormProps {
  readonly first: Entry;
  readonly version: string | null;
  readonly writable: boolean;
  kept?(): void;
}

export function EntryForm({ first, version, writable, kept }: FormProps) {
  const { text } = useInterface();
  const { tell } = useFeedback();
  const [entry, setEntry] = useState(first);
  const [preview, setPreview] = useState<WatchlistPreviewAnswer | null>(null);
  const [wrong, setWrong] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const [isSure, setSure] = useState(false);
  const isNew = version === null;
  const path = `/api/watchlist/${encodeURIComponent(entry.id || 'new')}`;
  const change = (changed: Partial<Entry>): void => {
    setEntry({ ...entry, ...changed });
    setPreview(null);
    setSure(false);
  };
  const send = async <Answer,>(to: string, body: object): Promise<Answer | null> => {
    setBusy(true);
    try {
      const answer = await postAnswer<Answer>(to, body);
      setWrong(null);
      return answer;
    } catch (error) {
      setWrong(error instanceof Error ? error.message : text.failed);
      return null;
    } finally {
      setBusy(false);
    }
  };
  const look = async (): Promise<void> => setPreview(await send(`${path}/preview`, { entry }));
  const keep = async (): Promise<void> => {
    if ((await send(path, { entry, version })) === null) return;
    tell(text.watchlist_kept);
    if (isNew) location.hash = routeHref('watchlist', entry.id);
    else kept?.();
  };
  const remove = async (): Promise<void> => {
    if ((await send(`${path}/remove`, { version })) === null) return;
    tell(text.watchlist_removed);
    location.hash = '#/watchlist';
  };
  return (
    <>
      <section class="card view-head" aria-label={text.watchlist}>
        <form
          class="upkeep-form"
          onSubmit={(event) => {
            event.preventDefault();
            void keep();
          }}
        >
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
            <select
              value={entry.kind}
              onChange={(event) => change({ kind: event.currentTarget.value as Entry['kind'] })}
            >
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
          <p class="upkeep-actions">
            <button type="button" class="line-button" disabled={busy || entry.name === ''} onClick={() => void look()}>
              {text.entry_preview}
            </button>
            <button type="submit" class="solid-button" disabled={busy || !writable}>
              {text.save}
            </button>
            {!isNew && writable && (
              <button
                type="button"
                class="line-button"
                disabled={busy}
                onClick={() => (isSure ? void remove() : setSure(true))}
              >
                {isSure ? text.entry_remove_sure : text.entry_remove}
              </button>
            )}
          </p>
          <p role="alert" class="upkeep-wrong">
            {wrong}
          </p>
        </form>
      </section>
      <EntryPreview preview={preview} />
    </>
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
