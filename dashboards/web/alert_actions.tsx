/** Acknowledge, silence, end an alert: the same routes as the command line's, each a row of the audit log. */
import { useRef, useState } from 'preact/hooks';
import type { ActionWritten, AlertRow } from '../contract.ts';
import { useFeedback } from './feedback.tsx';
import { useInterface } from './i18n.ts';
import { useEndSilence } from './silences.tsx';

const SILENCES = [
  ['2h', 7_200],
  ['1d', 86_400],
  ['7d', 604_800],
] as const;
/** What of an alert's labels says which series it is; severity and incident would match this alert alone. */
const SERIES_LABELS = ['detector', 'kind', 'entity', 'topic', 'source', 'source_class', 'language'];

/** Matchers of the alerts of this series by this detector, as core/matcher.ts reads them. */
export function seriesMatchers(labels: Readonly<Record<string, string>>): string[] {
  return SERIES_LABELS.flatMap((name) => {
    const value = labels[name];
    return value === undefined || value === '' ? [] : [`${name}=${JSON.stringify(value)}`];
  });
}

export function AlertActions({ alert, done }: { alert: AlertRow; done(): void }) {
  const { text } = useInterface();
  const { write } = useFeedback();
  const [note, setNote] = useState('');
  const [missing, setMissing] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const matchers = seriesMatchers(alert.labels);
  const endSilence = useEndSilence(done);
  const send = async (
    path: string,
    body: object,
    words: string,
    undo?: (written: ActionWritten) => void,
  ): Promise<void> => {
    if (!(await write(path, body, words, undo))) return;
    // What was typed since stands: it belongs to the next action.
    setNote((now) => (now === note ? '' : now));
    setMissing(false);
    done();
  };
  const path = `/api/alerts/${encodeURIComponent(alert.alert_id)}`;
  const resolve = (): void => {
    if (note.trim() !== '') void send(`${path}/resolve`, { note: note.trim() }, text.resolve_done);
    else {
      setMissing(true);
      input.current?.focus();
    }
  };
  return (
    <div class="alert-actions">
      <label class="note">
        <span class="field-name">{text.note}</span>
        <input
          ref={input}
          maxLength={1000}
          placeholder={text.note_hint}
          value={note}
          aria-invalid={missing}
          onInput={(event) => setNote(event.currentTarget.value)}
        />
      </label>
      {missing && (
        <p class="refused" role="alert">
          {text.note_missing}
        </p>
      )}
      <div class="buttons">
        <button
          type="button"
          class="line-button acknowledge"
          onClick={() => void send(`${path}/acknowledge`, { note: note.trim() }, text.acknowledge_done)}
        >
          {text.acknowledge}
        </button>
        <span class="segments" role="group" aria-label={text.silence}>
          <span class="segments-name" aria-hidden="true">
            {text.silence}
          </span>
          {SILENCES.map(([span, duration_secs]) => (
            <button
              type="button"
              key={span}
              disabled={matchers.length === 0}
              title={`${text.silence_hint} ${matchers.join(' ')}`}
              aria-label={`${text.silence} ${text[`silence_${span}`]}`}
              onClick={() =>
                void send(
                  '/api/silences',
                  { matchers, duration_secs, comment: note.trim() || text.silence_comment(alert.name) },
                  text.silence_done(text[`silence_${span}`]),
                  ({ action }) => void endSilence(action.id),
                )
              }
            >
              {text[`silence_${span}`]}
            </button>
          ))}
        </span>
        <button type="button" class="line-button" onClick={resolve}>
          {text.resolve}
        </button>
      </div>
    </div>
  );
}
