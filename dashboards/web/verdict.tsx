/** The verdict on an alert: one click, a reason if one likes, and back again. */
import { useState } from 'preact/hooks';
import type { Verdict } from '../../core/feedback.ts';
import type { AlertRow } from '../contract.ts';
import { useFeedback } from './feedback.tsx';
import { useInterface } from './i18n.ts';

/** Written out: core/feedback.ts carries its schemas with it, which the page does not need. */
const VERDICTS: readonly Verdict[] = ['useful', 'noise', 'late', 'wrong'];

export function VerdictButtons({ alert }: { alert: AlertRow }) {
  const { text } = useInterface();
  const { standing, person, role, say, undo } = useFeedback();
  const [reason, setReason] = useState<string | null>(null);
  const said = standing(alert.alert_id, alert.feedback);
  const mine = said.find((row) => row.author === person);
  const judge = (value: Verdict, why: string): void =>
    void say({ kind: 'verdict', alert_id: alert.alert_id, value, reason: why });
  return (
    <div class="verdict">
      {role === 'reader' ? (
        said.length === 0 && <p class="muted small">{text.verdict_none}</p>
      ) : (
        <div class="segments verdicts" role="group" aria-label={text.verdict}>
          {VERDICTS.map((value) => (
            <button
              type="button"
              key={value}
              class={value}
              title={text[`verdict_${value}_hint`]}
              aria-pressed={mine?.value === value}
              onClick={() => (mine?.value === value ? void undo(mine) : judge(value, ''))}
            >
              {text[`verdict_${value}`]}
            </button>
          ))}
        </div>
      )}
      {mine !== undefined && (
        <form
          class="reason"
          onSubmit={(event) => {
            event.preventDefault();
            judge(mine.value as Verdict, (reason ?? mine.reason).trim());
            setReason(null);
          }}
        >
          <input
            aria-label={text.reason}
            placeholder={text.reason_hint}
            maxLength={1000}
            value={reason ?? mine.reason}
            onInput={(event) => setReason(event.currentTarget.value)}
          />
          <button type="submit" class="text-button" disabled={(reason ?? mine.reason) === mine.reason}>
            {text.save}
          </button>
          <button type="button" class="text-button" onClick={() => void undo(mine)}>
            {text.undo}
          </button>
        </form>
      )}
      {said.length > 0 && (
        <ul class="said">
          {said.map((row) => (
            <li key={row.id}>
              <b>{text[`verdict_${row.value as Verdict}`]}</b> {row.author}
              {row.reason !== '' && <q>{row.reason}</q>}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
