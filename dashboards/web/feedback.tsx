/**
 * Saying something back: who says it (the token's name, else asked once: me.ts), sending it, taking it back. What was said is shown
 * at once; the rows of the server catch up with the next refresh.
 */
import { createContext } from 'preact';
import { useContext, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { FeedbackKind, FeedbackRequest, FeedbackRow } from '../../core/feedback.ts';
import type { ActionWritten, MeAnswer } from '../contract.ts';
import { useInterface } from './i18n.ts';
import { keepTypedName, readTypedName, useMe } from './me.ts';
import { postAnswer, Refusal } from './remote.ts';

type WithoutAuthor<Request> = Request extends unknown
  ? Omit<Request, 'author' | 'reason'> & { reason?: string }
  : never;

export interface Feedback {
  /** Who sits here: the name of the token, or as they said; null before. */
  readonly person: string | null;
  /** Whether it is known who sits here, or that nobody has said. */
  readonly settled: boolean;
  /** What they may; null where the server does not say. */
  readonly role: MeAnswer['role'] | null;
  /** Whether they came by a token, and so can sign out. */
  readonly signedIn: boolean;
  /** What stands on a document or alert: what the server said, with what was said here since. */
  standing(target: string, known: readonly FeedbackRow[]): readonly FeedbackRow[];
  /** Who sits here; asks where nobody has said yet, null where they would not. */
  ask(): Promise<string | null>;
  /** True when it was taken. */
  say(request: WithoutAuthor<FeedbackRequest>): Promise<boolean>;
  undo(row: FeedbackRow): Promise<void>;
  undoLast(): void;
  /** Says something for a few seconds. */
  tell(words: string): void;
  /** Any other write that names its author; true when it was taken. `undo` takes back the action that was written. */
  write(path: string, body: object, done: string, undo?: (written: ActionWritten) => void): Promise<boolean>;
}

const TOAST_MS = 8_000;

export const FeedbackContext = createContext<Feedback>({
  person: null,
  settled: false,
  role: null,
  signedIn: false,
  standing: (_, known) => known,
  ask: () => Promise.resolve(null),
  say: () => Promise.resolve(false),
  undo: () => Promise.resolve(),
  undoLast: () => undefined,
  tell: () => undefined,
  write: () => Promise.resolve(false),
});

export function useFeedback(): Feedback {
  return useContext(FeedbackContext);
}

interface Toast {
  readonly words: string;
  readonly undo: (() => void) | null;
}

const keyOf = (row: Pick<FeedbackRow, 'author' | 'kind' | 'document_id' | 'alert_id'>): string =>
  JSON.stringify([row.document_id || row.alert_id, row.author, row.kind satisfies FeedbackKind]);

export function FeedbackDesk({ children }: { children: preact.ComponentChildren }) {
  const { text } = useInterface();
  const { me, known } = useMe();
  const [typed, setTyped] = useState(readTypedName);
  /** What a toast takes back was said before the name was typed, perhaps: who is asked is asked once. */
  const typedNow = useRef(typed);
  typedNow.current = typed;
  const person = me === undefined ? null : me?.signs === true ? me.name : typed;
  /** By who, what and about what: the row that stands since, or null where it was taken back. */
  const [since, setSince] = useState<ReadonlyMap<string, FeedbackRow>>(new Map());
  const [toast, setToast] = useState<Toast | null>(null);
  const asking = useRef<((name: string | null) => void) | null>(null);
  const [isAsking, setAsking] = useState(false);
  useEffect(() => {
    if (toast === null) return undefined;
    const fade = setTimeout(() => setToast(null), TOAST_MS);
    return () => clearTimeout(fade);
  }, [toast]);

  const author = async (): Promise<string | null> => {
    const who = await known;
    if (who?.signs === true) return who.name;
    if (typedNow.current !== null) return typedNow.current;
    setAsking(true);
    return new Promise((resolve) => {
      asking.current = (name) => {
        asking.current = null;
        setAsking(false);
        if (name !== null) setTyped(name);
        resolve(name);
      };
    });
  };
  const send = async <Answer,>(path: string, body: object): Promise<Answer | null> => {
    const name = await author();
    if (name === null) return null;
    try {
      return await postAnswer<Answer>(path, { ...body, author: name });
    } catch (error) {
      // The server says it in English; of a role that does not reach the page knows as much itself.
      const isRole = me?.role === 'reader' && error instanceof Refusal && error.status === 403;
      const why = isRole ? text.needs_role('analyst') : error instanceof Error ? error.message : '';
      setToast({ words: `${text.not_saved} ${why}`, undo: null });
      return null;
    }
  };
  const keep = (row: FeedbackRow): void => setSince((before) => new Map(before).set(keyOf(row), row));

  const feedback = useMemo<Feedback>(() => {
    const undo = async (row: FeedbackRow): Promise<void> => {
      const answer = await send<{ feedback: FeedbackRow }>(`/api/feedback/${row.id}/undo`, {});
      if (answer === null) return;
      keep(answer.feedback);
      setToast({ words: text.taken_back, undo: null });
    };
    return {
      person,
      settled: me !== undefined,
      role: me?.role ?? null,
      signedIn: me?.signed_in ?? false,
      standing(target, known) {
        const own = [...since.values()].filter((row) => (row.document_id || row.alert_id) === target);
        if (own.length === 0) return known;
        const said = new Set(own.map(keyOf));
        return [...own.filter((row) => row.takes_back === ''), ...known.filter((row) => !said.has(keyOf(row)))];
      },
      ask: author,
      async say(request) {
        const answer = await send<{ feedback: FeedbackRow }>('/api/feedback', request);
        if (answer === null) return false;
        keep(answer.feedback);
        setToast({ words: text.saved, undo: () => void undo(answer.feedback) });
        return true;
      },
      undo,
      undoLast() {
        toast?.undo?.();
      },
      tell: (words) => setToast({ words, undo: null }),
      async write(path, body, done, takeBack) {
        const answer = await send<ActionWritten>(path, body);
        if (answer !== null) {
          setToast({ words: done, undo: takeBack === undefined ? null : () => takeBack(answer) });
        }
        return answer !== null;
      },
    };
  }, [person, me, since, toast, text]);

  return (
    <FeedbackContext.Provider value={feedback}>
      {children}
      {isAsking && <WhoDialog answer={(name) => asking.current?.(name)} />}
      <div class="toast-place" role="status">
        {toast !== null && (
          <p class="toast">
            {toast.words}
            {toast.undo !== null && (
              <button type="button" onClick={() => feedback.undoLast()}>
                {text.undo}
              </button>
            )}
          </p>
        )}
      </div>
    </FeedbackContext.Provider>
  );
}

function WhoDialog({ answer }: { answer(name: string | null): void }) {
  const { text } = useInterface();
  const dialog = useRef<HTMLDialogElement>(null);
  const [name, setName] = useState('');
  useEffect(() => dialog.current?.showModal(), []);
  const submit = (event: Event): void => {
    event.preventDefault();
    const given = name.trim();
    if (given === '') return;
    keepTypedName(given);
    answer(given);
  };
  return (
    <dialog ref={dialog} class="sheet" aria-labelledby="who-title" onCancel={() => answer(null)}>
      <form onSubmit={submit}>
        <h2 id="who-title">{text.who_title}</h2>
        <p class="muted">{text.who_why}</p>
        <label>
          {text.your_name}
          <input maxLength={100} required value={name} onInput={(event) => setName(event.currentTarget.value)} />
        </label>
        <p class="sheet-foot">
          <button type="button" class="text-button" onClick={() => answer(null)}>
            {text.cancel}
          </button>
          <button type="submit" class="solid-button">
            {text.go_on}
          </button>
        </p>
      </form>
    </dialog>
  );
}
