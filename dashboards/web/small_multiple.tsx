/** One series of several, small: its share in its usual range above its volume, on the scale that all of them have. */
import type { TimelineAnswer } from '../contract.ts';
import { DASHES } from './compare_chart.ts';
import { useInterface } from './i18n.ts';
import { smoothShares } from './shares.ts';

const WIDTH = 300;
const SHARE = 70;
const VOLUME = 34;
const GAP = 6;

interface SmallMultipleProps {
  readonly name: string;
  readonly index: number;
  readonly timeline: TimelineAnswer;
  /** The most documents of any step of any of them. */
  readonly most: number;
}

export function SmallMultiple({ name, index, timeline, most }: SmallMultipleProps) {
  const { text, format } = useInterface();
  const { buckets, totals } = timeline;
  const step = WIDTH / Math.max(1, buckets.length);
  const x = (place: number): number => (place + 0.5) * step;
  const y = (share: number): number => SHARE - share * SHARE;
  const share = totals.documents === 0 ? 0 : totals.negative / totals.documents;
  const shares = smoothShares(buckets);
  return (
    <figure class="multiple">
      <figcaption>
        <SeriesKey index={index} />
        <strong>{name}</strong>
        <span class="muted small">
          {format.short(totals.documents)} · {format.share(share)}
        </span>
      </figcaption>
      <svg
        viewBox={`0 0 ${WIDTH} ${SHARE + GAP + VOLUME}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={text.compare_panel(name, format.count(totals.documents), format.share(share))}
      >
        <path class="grid" d={`M0 ${y(0.5)}H${WIDTH}M0 ${y(1)}H${WIDTH}M0 ${SHARE}H${WIDTH}`} />
        {buckets.map(({ at, usual }, place) =>
          usual === null ? null : (
            <rect
              key={at}
              class="usual"
              x={place * step}
              width={step}
              y={y(usual.high)}
              height={Math.max(0.5, y(usual.low) - y(usual.high))}
            />
          ),
        )}
        <path class={`share series-${index + 1}`} d={lineOf(shares, x, y)} />
        {buckets.map(({ at, documents, negative }, place) => (
          <g key={at}>
            <Column kind="volume" {...{ place, step }} height={(documents / most) * VOLUME} />
            <Column kind="negative" {...{ place, step }} height={(negative / most) * VOLUME} />
          </g>
        ))}
      </svg>
    </figure>
  );
}

function Column({ kind, place, step, height }: { kind: string; place: number; step: number; height: number }) {
  if (height === 0) return null;
  const bottom = SHARE + GAP + VOLUME;
  return <rect class={kind} x={place * step} width={step * 0.8} y={bottom - height} height={height} />;
}

/** A path through the shares that there are; a silence breaks it, and a lone one is a dot. */
export function lineOf(
  shares: readonly (number | null)[],
  x: (place: number) => number,
  y: (share: number) => number,
): string {
  let open = false;
  return shares
    .map((share, place) => {
      if (share === null) {
        open = false;
        return '';
      }
      const lone = !open && (shares[place + 1] ?? null) === null;
      const drawn = `${open ? 'L' : 'M'}${x(place).toFixed(1)} ${y(share).toFixed(1)}${lone ? 'h0.1' : ''}`;
      open = true;
      return drawn;
    })
    .join('');
}

/** The colour and the dashes by which a series is known. */
export function SeriesKey({ index }: { index: number }) {
  return (
    <svg class={`series-key series-${index + 1}`} viewBox="0 0 26 8" width="26" height="8" aria-hidden="true">
      <path d="M0 4H26" stroke-dasharray={(DASHES[index] ?? []).join(' ')} />
    </svg>
  );
}
