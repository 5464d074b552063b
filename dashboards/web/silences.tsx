/**
 * Silences where people see what they silence: on the page of an alert those that keep it quiet, beside the list of alerts all that
 * are in force. A silence that nobody sees is an alert that nobody hears of, so each says until when, by whom, and can be ended.
 */
import type { AlertRow, SilencesAnswer } from '../contract.ts';
import { useFeedback } from './feedback.tsx';
import { useInterface } from './i18n.ts';

type Silence = SilencesAnswer['silences'][number];

/** A function that ends a silence, then calls `done`. */
export function useEndSilence(done: () => void): (id: string) => Promise<void> {
  const { text } = useInterface();
  const { write } = useFeedback();
  return async (id) => {
    await write(`/api/silences/${encodeURIComponent(id)}/expire`, {}, text.silence_ended);
    // Where it was refused, too: somebody else may have ended it.
    done();
  };
}

/** What keeps this alert quiet now. */
export function AlertSilences({ alert, done }: { alert: AlertRow; done(): void }) {
  if (alert.silences.length === 0) return null;
  return (
    <ul class="silences">
      {alert.silences.map((silence) => (
        <SilenceRow key={silence.id} silence={silence} done={done} />
      ))}
    </ul>
  );
}

/** All that are in force or to come, folded away: most days nobody needs them. */
export function ActiveSilences({ silences, done }: { silences: readonly Silence[]; done(): void }) {
  const { text, format } = useInterface();
  if (silences.length === 0) return null;
  return (
    <details class="active-silences">
      <summary>{text.silences_listed(format.count(silences.length))}</summary>
      <ul class="silences">
        {silences.map((silence) => (
          <SilenceRow key={silence.id} silence={silence} done={done} says />
        ))}
      </ul>
    </details>
  );
}

/** `says`: also what it silences, where no alert beside it says so. */
function SilenceRow({ silence, done, says = false }: { silence: Silence; done(): void; says?: boolean }) {
  const { text, format } = useInterface();
  const { role } = useFeedback();
  const end = useEndSilence(done);
  const { id, starts_at, ends_at, author, comment, matchers, state } = silence;
  return (
    <li>
      <span class="badge silenced">
        <time dateTime={ends_at} title={format.full(ends_at)}>
          {text.silenced_until(format.moment(ends_at))}
        </time>
      </span>{' '}
      {state === 'pending' && `${text.silenced_from(format.moment(starts_at))} `}
      {text.silenced_by(author)}{' '}
      {role !== 'reader' && (
        <button type="button" class="text-button end-silence" onClick={() => void end(id)}>
          {text.silence_end}
        </button>
      )}
      {says && <code>{matchers.join(' ')}</code>}
      {comment !== '' && <q>{comment}</q>}
    </li>
  );
}
