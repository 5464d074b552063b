/** The tide card: key figures, the chart with its readout, and the alerts that lie in the span as flags to click. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { AlertRow, PricesAnswer, TimelineAnswer } from '../contract.ts';
import { csvOf } from './csv.ts';
import { fileName } from './download.ts';
import { csvFile, ExportButtons, ExportsToCome } from './export_buttons.tsx';
import { useInterface, type Interface } from './i18n.ts';
import { pictureOf } from './picture.ts';
import type { Remote } from './remote.ts';
import { changeOfShare, smoothShares, tendency } from './shares.ts';
import { Failed, Skeleton } from './states.tsx';
import { createTideChart, type TideChart } from './tide_chart.ts';
import { marksWithin } from './tide_marks.ts';

const NO_CLOSES: PricesAnswer['closes'] = [];

interface TideProps {
  readonly title: string;
  /** What it is about, where the title does not say; for those who hear the chart and for files. */
  readonly about?: string;
  /** Closing prices, drawn below where there are any. */
  readonly closes?: PricesAnswer['closes'];
  /** Address of the page of the series that is shown; null where there is none. */
  readonly closer?: string | null;
  readonly timeline: Remote<TimelineAnswer>;
  readonly alerts: readonly AlertRow[];
  /** Changes when colours change, so that the canvas is drawn anew. */
  readonly themeVersion: string;
  readonly clearable: boolean;
  clear(): void;
  retry(): void;
  zoom(from: string, to: string): void;
  /** Where a bar can be picked to list what is in it: its span, ISO times. */
  readonly pick?: (from: string, to: string) => void;
  openAlert(id: string): void;
}

export function Tide(props: TideProps) {
  const { text, format } = useInterface();
  const { answer, failed } = props.timeline;
  const card = useRef<HTMLElement>(null);
  const [hovered, setHovered] = useState<number | null>(null);
  const bucket = hovered === null ? undefined : answer?.buckets[hovered];
  const shown = bucket ?? answer?.totals;
  const share = shown === undefined || shown.documents === 0 ? null : shown.negative / shown.documents;
  return (
    <section
      ref={card}
      class={`card tide ${(props.closes ?? []).length > 0 ? 'priced' : ''}`}
      aria-labelledby="tide-title"
    >
      <header class="card-head">
        <h2 id="tide-title">{props.title}</h2>
        {props.clearable && (
          <button type="button" class="text-button" onClick={props.clear}>
            {text.clear_selection}
          </button>
        )}
        {props.closer !== undefined && props.closer !== null && (
          <a class="link" href={props.closer}>
            {text.open_page}
          </a>
        )}
        <span class="hint wide-only">{props.pick === undefined ? text.drag_hint : text.pick_hint}</span>
        <Exports {...props} card={card} />
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
              {bucket === undefined ? <Against answer={answer} /> : <Usual usual={bucket.usual} />}
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
          <Legend priced={(props.closes ?? []).length > 0} />
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
      {text.points(format.points(change))} <span class="wide-only">{text.against_previous}</span>
    </small>
  );
}

function Usual({ usual }: { usual: TimelineAnswer['buckets'][number]['usual'] }) {
  const { text, format } = useInterface();
  return usual === null ? null : <small>{text.usual_here(format.share(usual.low), format.share(usual.high))}</small>;
}

function Legend({ priced }: { priced: boolean }) {
  const { text } = useInterface();
  return (
    <p class="tide-legend" aria-hidden="true">
      <span class="key-share">{text.legend_share}</span>
      <span class="key-usual">{text.legend_usual}</span>
      <span class="key-beyond">{text.legend_beyond}</span>
      <span class="key-alert">{text.legend_alert}</span>
      {priced && <span class="key-price">{text.legend_price}</span>}
    </p>
  );
}

function Exports({ title, about, timeline, card }: TideProps & { card: { current: HTMLElement | null } }) {
  const { text, format } = useInterface();
  const { answer } = timeline;
  const name = about ?? title;
  if (answer === null) return <ExportsToCome />;
  const shares = smoothShares(answer.buckets);
  const rows = answer.buckets.map((bucket, index) => [
    bucket.at,
    bucket.documents,
    bucket.negative,
    bucket.neutral,
    bucket.positive,
    ...[shares[index], bucket.usual?.share, bucket.usual?.low, bucket.usual?.high].map((share) =>
      share === undefined || share === null ? null : Math.round(share * 10_000) / 10_000,
    ),
  ]);
  const head = 'start,documents,negative,neutral,positive,smoothed_share,usual_share,usual_low,usual_high'.split(',');
  return (
    <ExportButtons
      what={name}
      csv={() => Promise.resolve(csvFile(fileName(name, answer.to, 'csv'), csvOf(head, rows)))}
      png={async () => {
        const canvas = card.current?.querySelector<HTMLElement>('.tide-canvas');
        if (canvas === null || canvas === undefined) return null;
        const span = `${format.moment(answer.from)} – ${format.moment(answer.to)}`;
        const content = await pictureOf(canvas, name, `${text.legend_share} · ${text.documents} · ${span} · Tidewatch`);
        return content === null ? null : { name: fileName(name, answer.to, 'png'), content };
      }}
    />
  );
}

function TideCanvas(props: TideProps & { answer: TimelineAnswer; hover(index: number | null): void }) {
  const { answer, alerts, themeVersion, closes = NO_CLOSES } = props;
  const priced = closes.length > 0;
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
      priced,
      (index) => latest.current.hover(index),
      (from, to) => latest.current.zoom(new Date(from * 1000).toISOString(), new Date(to * 1000).toISOString()),
      (index) => {
        const { answer: now, pick } = latest.current;
        const from = now.buckets[index]?.at;
        // The last bar of a span may be cut short by its end.
        const to = Math.min(Date.parse(from ?? '') + now.step_secs * 1000, Date.parse(now.to));
        if (from !== undefined) pick?.(from, new Date(to).toISOString());
      },
    );
    chart.current = drawn;
    return () => drawn.destroy();
  }, [shown.language, themeVersion, priced]);
  useEffect(
    () => chart.current?.show(answer, marks, closes),
    [answer, marks, closes, shown.language, themeVersion, priced],
  );
  return (
    <div class="tide-plot">
      <div
        ref={container}
        class={`tide-canvas ${props.pick === undefined ? '' : 'pickable'}`}
        role="img"
        aria-label={describe(props.about ?? props.title, answer, closes, shown)}
      />
      <div class="flags" aria-hidden="true">
        {marks.map(({ alert, left }) => (
          <button
            key={alert.alert_id}
            type="button"
            tabIndex={-1}
            class={`flag ${alert.state}`}
            style={{ left: `${left * 100}%` }}
            title={shown.text.alert_at(alert.names[shown.language], shown.format.moment(alert.started_at))}
            onClick={() => props.openAlert(alert.alert_id)}
          />
        ))}
      </div>
    </div>
  );
}

function describe(
  title: string,
  answer: TimelineAnswer,
  closes: PricesAnswer['closes'],
  { text, format }: Interface,
): string {
  const { documents, negative } = answer.totals;
  const peak = Math.max(
    0,
    ...answer.buckets.filter((item) => item.documents >= 3).map((item) => item.negative / item.documents),
  );
  const share = documents === 0 ? 0 : negative / documents;
  const shares = smoothShares(answer.buckets);
  const beyond = answer.buckets.filter(
    ({ usual }, index) => usual !== null && (shares[index] ?? 0) > usual.high,
  ).length;
  const [first, last] = [closes[0], closes.at(-1)];
  return (
    text.chart_label(title, format.count(documents), format.share(share), format.share(peak)) +
    text.chart_beyond(beyond) +
    (first === undefined || last === undefined ? '' : text.chart_price(String(first.close), String(last.close)))
  );
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
