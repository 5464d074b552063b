/** The list of alerts: what fired, how far beyond its usual range, since when, and who looks after it. Each opens to its evidence. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Verdict } from '../../core/feedback.ts';
import type { AlertRow, SilencesAnswer } from '../contract.ts';
import { AlertEvidence } from './alert_evidence.tsx';
import { AlertFigures } from './alert_figures.tsx';
import { alertName } from './alert_range.tsx';
import { useFeedback } from './feedback.tsx';
import { useInterface } from './i18n.ts';
import type { ListedAlerts } from './more_alerts.ts';
import { NewDot } from './seen_line.tsx';
import { ActiveSilences } from './silences.tsx';
import { Empty, Failed, Skeleton } from './states.tsx';

/** Where the card is not beside the chart but above the tables, it shows so many at first: its height is known before they are. */
const SHORT_LENGTH = 3;

interface AlertsProps {
  /** Null before they are there. */
  readonly listed: ListedAlerts | null;
  readonly failed: boolean;
  readonly silences: SilencesAnswer['silences'];
  /** Fetches more of them; null while it does. */
  readonly load: (() => void) | null;
  readonly open: string | null;
  /** Epoch milliseconds of the server's clock. */
  readonly now: number;
  setOpen(id: string | null): void;
  focusSeries(alert: AlertRow): void;
  retry(): void;
}

export function Alerts({ listed, failed, silences, load, open, now, setOpen, focusSeries, retry }: AlertsProps) {
  const { text, format } = useInterface();
  const rows = listed?.alerts ?? [];
  const [all, setAll] = useState(false);
  return (
    <section class="card alerts" aria-labelledby="alerts-title">
      <header class="card-head">
        <h2 id="alerts-title">{text.alerts}</h2>
        {listed !== null && listed.firing.count > 0 && (
          <span class="badge firing">
            {format.count(listed.firing.count)}
            {listed.firing.isLeast && '+'} {text.state_firing}
          </span>
        )}
        {rows.length > SHORT_LENGTH && (
          <button type="button" class="text-button narrow-only" aria-expanded={all} onClick={() => setAll(!all)}>
            {all ? text.show_fewer : text.show_all(rows.length)}
          </button>
        )}
      </header>
      {listed === null && (failed ? <Failed retry={retry} /> : <Skeleton lines={3} />)}
      {listed !== null && rows.length === 0 && <Empty>{text.no_alerts}</Empty>}
      <ActiveSilences silences={silences} done={retry} />
      <ul class="alert-list">
        {rows.map((alert, index) => (
          <AlertItem
            key={alert.alert_id}
            alert={alert}
            now={now}
            open={alert.alert_id === open}
            beyond={!all && index >= SHORT_LENGTH}
            toggle={() => setOpen(alert.alert_id === open ? null : alert.alert_id)}
            focusSeries={() => focusSeries(alert)}
          />
        ))}
      </ul>
      {listed?.more === true && (
        <button type="button" class="text-button more-alerts" disabled={load === null} onClick={() => load?.()}>
          {load === null ? text.loading : text.more}
        </button>
      )}
    </section>
  );
}

interface AlertItemProps {
  readonly alert: AlertRow;
  readonly now: number;
  readonly open: boolean;
  /** Whether it is not shown where there is room for few. */
  readonly beyond: boolean;
  toggle(): void;
  focusSeries(): void;
}

function AlertItem({ alert, now, open, beyond, toggle, focusSeries }: AlertItemProps) {
  const { text, format, language } = useInterface();
  const item = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (open) item.current?.scrollIntoView({ block: 'nearest' });
  }, [open]);
  const { standing } = useFeedback();
  const [verdict] = standing(alert.alert_id, alert.feedback);
  const [silence] = alert.silences;
  return (
    <li ref={item} class={`alert ${alert.state} ${alert.severity} ${beyond && !open ? 'beyond' : ''}`}>
      <button
        type="button"
        class="alert-head"
        aria-expanded={open}
        aria-controls={`alert-${alert.alert_id}`}
        onClick={toggle}
      >
        <span class="alert-line">
          <span class={`badge ${alert.state}`}>{text[`state_${alert.state}`]}</span>
          {alert.severity === 'critical' && <span class="badge critical">{text.severity_critical}</span>}
          {verdict !== undefined && (
            <span class="badge" title={verdict.author}>
              {text[`verdict_${verdict.value as Verdict}`]}
            </span>
          )}
          {silence !== undefined && (
            <span class="badge silenced" title={silence.author}>
              {text.silenced_until(format.recent(silence.ends_at, now))}
            </span>
          )}
          {alert.acknowledged !== null && (
            <span class="badge">
              {text.acknowledged_by(alert.acknowledged.author, format.recent(alert.acknowledged.at, now))}
            </span>
          )}
          <time dateTime={alert.started_at} title={`${text.started} ${format.full(alert.started_at)}`}>
            {format.recent(alert.started_at, now)}
          </time>
        </span>
        <strong class="alert-name">
          <NewDot startedAt={alert.started_at} />
          {alertName(alert, language)}
        </strong>
        <AlertFigures alert={alert} />
      </button>
      <div id={`alert-${alert.alert_id}`} class="alert-body" hidden={!open}>
        {open && <AlertEvidence alert={alert} focusSeries={focusSeries} />}
      </div>
    </li>
  );
}
