/** The line in the list of opinions above which all is new, and what says the same of an alert. */
import { useInterface } from './i18n.ts';
import type { Look, NewSince } from './last_seen.ts';
import { useLastLook } from './last_look.ts';

interface SeenLineProps {
  readonly since: NewSince;
  readonly look: Look;
  readonly now: number;
  /** Null in a list that shows not all: what it leaves out was not seen. */
  readonly mark: (() => void) | null;
}

export function SeenLine({ since, look, now, mark }: SeenLineProps) {
  const { text, format } = useInterface();
  const count = `${format.count(since.rows)}${since.isLeast ? '+' : ''}`;
  return (
    <li class="seen-line">
      <span>{text.new_since(count, format.recent(look.at, now))}</span>
      {mark !== null && (
        <button type="button" class="text-button" onClick={mark}>
          {text.mark_seen}
        </button>
      )}
    </li>
  );
}

/** A dot at what began after the newest opinion that one saw; nothing on the first visit. */
export function NewDot({ startedAt }: { startedAt: string }) {
  const { text } = useInterface();
  const look = useLastLook();
  if (look === null || startedAt <= look.newest.published_at) return null;
  return (
    <span class="new-dot" title={text.began_since}>
      <span class="visually-hidden">{text.began_since}</span>
    </span>
  );
}
