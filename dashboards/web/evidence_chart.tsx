/** The past windows of an alert's series as bars, with the usual range behind each: small, still, and readable in words. */
import type { Evidence } from '../../core/event.ts';
import { useInterface } from './i18n.ts';

const WIDTH = 560;
const HEIGHT = 110;
const MOST_BARS = 60;

export function EvidenceChart({ chart }: { chart: Readonly<Evidence['chart']> }) {
  const { text, format } = useInterface();
  const shown = chart.slice(-MOST_BARS);
  const last = shown.at(-1);
  if (last === undefined) return null;
  const most = Math.max(1, ...shown.flatMap(({ observed, high }) => [observed, high])) * 1.05;
  const slot = WIDTH / shown.length;
  const y = (value: number): number => HEIGHT - (Math.max(0, value) / most) * HEIGHT;
  const words = text.evidence_chart(
    shown.length,
    format.decimal(last.observed),
    format.decimal(last.low),
    format.decimal(last.high),
  );
  return (
    <figure class="evidence-chart">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={words}>
        {shown.map((bar, index) => (
          <g key={bar.start}>
            <rect
              class="usual"
              x={index * slot}
              width={slot}
              y={y(bar.high)}
              height={Math.max(1, y(bar.low) - y(bar.high))}
            />
            <rect
              class={bar.observed > bar.high ? 'beyond' : 'within'}
              x={(index + 0.2) * slot}
              width={slot * 0.6}
              y={y(bar.observed)}
              height={HEIGHT - y(bar.observed)}
            />
          </g>
        ))}
      </svg>
      <figcaption class="muted small" aria-hidden="true">
        <span>{format.moment(shown[0]?.start ?? last.start)}</span>
        <span class="legend">
          <i class="usual" /> {text.usual_range} <i class="beyond" /> {text.beyond}
        </span>
        <span>{format.moment(last.end)}</span>
      </figcaption>
    </figure>
  );
}
