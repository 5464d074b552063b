/** The tide card: key figures, the chart with its readout, and the alerts that lie in the span as flags to click. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { AlertRow, TimelineAnswer } from '../contract.ts';
import { useInterface, type Interface } from './i18n.ts';
import type { Remote } from './remote.ts';
import { changeOfShare, tendency } from './shares.ts';
import { Failed, Skeleton } from './states.tsx';
import { createTideChart, type TideChart } from './tide_chart.ts';
import type { TideMark } from './tide_drawing.ts';

interface TideProps {
  readonly title: string;
  readonly timeline: Remote<TimelineAnswer>;
  readonly alerts: readonly AlertRow[];
  /** Changes when colours change, so that the canvas is drawn anew. */
  readonly themeVersion: string;
  readonly clearable: boolean;
  clear(): void;
  retry(): void;
  zoom(from: string, to: string): void;
  openAlert(id: string): void;
}

export function Tide(props: TideProps) {
  const { text, format } = useInterface();
  const { answer, failed } = props.timeline;
  const [hovered, setHovered] = useState<number | null>(null);
  const bucket = hovered === null ? undefined : answer?.buckets[hovered];
  const shown = bucket ?? answer?.totals;
  const share = shown === undefined || shown.documents === 0 ? null : shown.negative / shown.documents;
  return (
    <section class="card tide" aria-labelledby="tide-title">
      <header class="card-head">
        <h2 id="tide-title">{props.title}</h2>
        {props.clearable && (
          <button type="button" class="text-button" onClick={props.clear}>
            {text.clear_selection}
          </button>
        )}
        <span class="hint wide-only">{text.drag_hint}</span>
      </header>
      {answer === null && failed && <Failed retry={props.retry} />}
      {answer === null && !failed && <Skeleton lines={6} />}
      {answer !== null && (
        <>
          <div class="figures">
            <Figure
              label={bucket === undefined ? text.negative_share : format.moment(bucket.at)}
              class="negative strong"
            >
              {share === null ? '–' : format.share(share)}
              {bucket === undefined && <Against answer={answer} />}
            </Figure>
            <Figure label={text.documents}>{format.short(shown?.documents ?? 0)}</Figure>
            <Figure label={text.negative} class="swatch-negative">
              {format.short(shown?.negative ?? 0)}
            </Figure>
            <Figure label={text.neutral} class="swatch-neutral">
              {format.short(shown?.neutral ?? 0)}
            </Figure>
            <Figure label={text.positive} class="swatch-positive">
              {format.short(shown?.positive ?? 0)}
            </Figure>
          </div>
          <TideCanvas {...props} answer={answer} hover={setHovered} />
          {answer.anchor === 'newest' && <p class="note">{text.anchored(format.moment(answer.to))}</p>}
        </>
      )}
    </section>
  );
}

function Figure({
  label,
  class: name,
  children,
}: {
  label: string;
  class?: string;
  children: preact.ComponentChildren;
}) {
  return (
    <div class={`figure ${name ?? ''}`}>
      <span class="figure-label">{label}</span>
      <span class="figure-value">{children}</span>
    </div>
  );
}

/** How far the negative share has moved since the period before, with a word for readers who do not see the colour. */
function Against({ answer }: { answer: TimelineAnswer }) {
  const { text, format } = useInterface();
  const change = changeOfShare(answer.totals, answer.previous);
  if (change === null) return null;
  return (
    <small class={tendency(change)} title={text.previous_level(format.share(answer.previous.negative_share ?? 0))}>
      {format.points(change)} pp <span class="wide-only">{text.against_previous}</span>
    </small>
  );
}

function TideCanvas(props: TideProps & { answer: TimelineAnswer; hover(index: number | null): void }) {
  const { answer, alerts, themeVersion } = props;
  const shown = useInterface();
  const container = useRef<HTMLDivElement>(null);
  const chart = useRef<TideChart | null>(null);
  const latest = useRef(props);
  latest.current = props;
  const marks = useMemo(() => marksWithin(alerts, answer), [alerts, answer]);
  useEffect(() => {
    if (container.current === null) return undefined;
    const drawn = createTideChart(
      container.current,
      { share: shown.format.share, count: shown.format.short, tick: tickLabel(shown.format.locale) },
      (index) => latest.current.hover(index),
      (from, to) => latest.current.zoom(new Date(from * 1000).toISOString(), new Date(to * 1000).toISOString()),
    );
    chart.current = drawn;
    return () => drawn.destroy();
  }, [shown.language, themeVersion]);
  useEffect(() => chart.current?.show(answer, marks), [answer, marks, shown.language, themeVersion]);
  const start = Date.parse(answer.from) / 1000;
  const length = Date.parse(answer.to) / 1000 - start;
  return (
    <div class="tide-plot">
      <div ref={container} class="tide-canvas" role="img" aria-label={describe(props.title, answer, shown)} />
      <div class="flags" aria-hidden="true">
        {marks.map(({ alert, from }) => (
          <button
            key={alert.alert_id}
            type="button"
            tabIndex={-1}
            class={`flag ${alert.state}`}
            style={{ left: `${((from - start) / length) * 100}%` }}
            title={shown.text.alert_at(alert.names[shown.language], shown.format.moment(alert.started_at))}
            onClick={() => props.openAlert(alert.alert_id)}
          />
        ))}
      </div>
    </div>
  );
}

function marksWithin(alerts: readonly AlertRow[], answer: TimelineAnswer): (TideMark & { alert: AlertRow })[] {
  const start = Date.parse(answer.from) / 1000;
  const end = Date.parse(answer.to) / 1000;
  return alerts
    .filter((alert) => alert.state !== 'pending')
    .map((alert) => {
      const to = alert.state === 'resolved' ? Date.parse(alert.at) / 1000 : end;
      return {
        alert,
        from: Date.parse(alert.started_at) / 1000,
        to: Math.min(to, end),
        firing: alert.state === 'firing',
      };
    })
    .filter((mark) => mark.from >= start && mark.from < end);
}

function describe(title: string, answer: TimelineAnswer, { text, format }: Interface): string {
  const { documents, negative } = answer.totals;
  const peak = Math.max(
    0,
    ...answer.buckets.filter((item) => item.documents >= 3).map((item) => item.negative / item.documents),
  );
  const share = documents === 0 ? 0 : negative / documents;
  return text.chart_label(title, format.count(documents), format.share(share), format.share(peak));
}

/** Hours within a day or two, days beyond; midnight always shows its day. */
function tickLabel(locale: string): (at: number, span: number) => string {
  const hour = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  const day = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short' });
  return (at, span) => {
    const time = new Date(at * 1000);
    const midnight = time.getHours() === 0 && time.getMinutes() === 0;
    return midnight || span > 4 * 86_400 ? day.format(time) : hour.format(time);
  };
}
