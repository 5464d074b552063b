/**
 * How often the model is right where it says that it is so sure: a dot for each bin of confidence, larger for more rows, against
 * the line on which it keeps its word. Below the line it promises too much.
 */
import type { ServedAnswer } from '../contract.ts';
import { languageName, useInterface } from './i18n.ts';
import { points } from './model_row.tsx';

const SIDE = 200;
const MARGIN = 34;
/** Room for half a label at the right. */
const EDGE = 18;
const TICKS = [0, 0.5, 1];

export function CalibrationChart({ figure }: { figure: ServedAnswer['figures'][number] }) {
  const { text, format } = useInterface();
  const language = languageName(figure.language, text);
  const most = Math.max(1, ...figure.bins.map(({ rows }) => rows));
  const x = (share: number): number => MARGIN + share * SIDE;
  const y = (share: number): number => SIDE + 8 - share * SIDE;
  const said = figure.bins.map((one) =>
    text.calibration_bin(format.share(one.confidence), format.share(one.accuracy), format.count(one.rows)),
  );
  return (
    <figure class="calibration">
      <svg
        viewBox={`0 0 ${SIDE + MARGIN + EDGE} ${SIDE + 32}`}
        role="img"
        aria-label={`${text.calibration_of(language, points(figure.ece))} ${said.join(' ')}`}
      >
        <rect x={x(0)} y={y(1)} width={SIDE} height={SIDE} class="calibration-ground" />
        <line x1={x(0)} y1={y(0)} x2={x(1)} y2={y(1)} class="calibration-line" />
        {TICKS.map((tick) => (
          <g key={tick}>
            <text x={x(tick)} y={SIDE + 24} text-anchor="middle">
              {format.share(tick)}
            </text>
            <text x={x(0) - 4} y={y(tick) + 4} text-anchor="end">
              {tick === 0 ? '' : format.share(tick)}
            </text>
          </g>
        ))}
        {figure.bins.map(({ rows, confidence, accuracy }) => (
          <circle
            key={confidence}
            cx={x(confidence)}
            cy={y(accuracy)}
            r={2.5 + 7 * Math.sqrt(rows / most)}
            class="calibration-bin"
          />
        ))}
      </svg>
      <figcaption class="small">{text.calibration_of(language, points(figure.ece))}</figcaption>
    </figure>
  );
}
