/**
 * One entry of the watchlist as a form: names a line each, tried on recent documents, kept, or removed. What is wrong with it the
 * server says, by the same rules as at its start.
 */
import { useState } from 'preact/hooks';
import type { WatchlistPreviewAnswer } from '../contract.ts';
import { useDraft } from './draft.ts';
import { DraftNotice } from './draft_notice.tsx';
import { useFeedback } from './feedback.tsx';
import { useInterface } from './i18n.ts';
import { postAnswer } from './remote.ts';
import { routeHref } from './route.ts';
import { EntryFields, isEntry, isSameEntry, type Entry } from './watchlist_fields.tsx';
import { EntryPreview } from './watchlist_preview.tsx';

const ENTRY = { isValue: isEntry, isSame: isSameEntry };

interface FormProps {
  readonly first: Entry;
  readonly version: string | null;
  readonly writable: boolean;
  kept?(): void;
}

export function EntryForm({ first, version, writable, kept }: FormProps) {
  const { text } = useInterface();
  const { tell } = useFeedback();
  const isNew = version === null;
  const name = isNew ? '/api/watchlist' : `/api/watchlist/${first.id}`;
  const draft = useDraft({ name, version, value: first }, ENTRY);
  const entry = draft.value;
  const [preview, setPreview] = useState<WatchlistPreviewAnswer | null>(null);
  const [wrong, setWrong] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const [isSure, setSure] = useState(false);
  const path = `/api/watchlist/${encodeURIComponent(entry.id || 'new')}`;
  const change = (changed: Partial<Entry>): void => {
    draft.change({ ...entry, ...changed });
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
    draft.saved();
    tell(text.watchlist_kept);
    if (isNew) location.hash = routeHref('watchlist', entry.id);
    else kept?.();
  };
  const remove = async (): Promise<void> => {
    if ((await send(`${path}/remove`, { version })) === null) return;
    draft.saved();
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
          <DraftNotice draft={draft} />
          <EntryFields key={draft.round} entry={entry} isNew={isNew} change={change} />
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
