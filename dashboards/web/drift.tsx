/** How far the newest opinions are from what the model was measured on: one index a measure, and the shares that moved most. */
import type { ServedAnswer } from '../contract.ts';
import { useInterface } from './i18n.ts';
import { Empty } from './states.tsx';
import { topicName } from './topics.ts';

type Found = NonNullable<ServedAnswer['drift']>;
type Measure = Found['measures'][number];

const STEADY = 0.1;
const ANOTHER = 0.25;
const MOST_SHARES = 6;

export function Drift({ drift: { opinions, least, measures } }: { drift: Found }) {
  const { text, format } = useInterface();
  if (measures.length === 0) return <Empty>{text.drift_few(format.count(opinions), format.count(least))}</Empty>;
  return (
    <>
      <p class="muted small">{text.drift_intro(format.count(opinions))}</p>
      <div class="drifts">
        {measures.map((one) => (
          <Shares key={one.measure} measure={one} />
        ))}
      </div>
    </>
  );
}

function Shares({ measure: { measure, psi, shares } }: { measure: Measure }) {
  const { text, format, language } = useInterface();
  const level = psi < STEADY ? 'steady' : psi <= ANOTHER ? 'moving' : 'other';
  const nameOf = (label: string): string => {
    if (measure === 'topic') return topicName(label, language);
    if (measure === 'confidence') return `${format.share(Number(label))}+`;
    return label === 'negative' || label === 'neutral' || label === 'positive' ? text[label] : label;
  };
  const moved = shares.toSorted((a, b) => Math.abs(b.now - b.usual) - Math.abs(a.now - a.usual)).slice(0, MOST_SHARES);
  // Confidence has an order of its own; the others show first what moved most.
  const shown = measure === 'confidence' ? shares.filter((one) => moved.includes(one)) : moved;
  const widest = Math.max(0.01, ...shown.flatMap(({ now, usual }) => [now, usual]));
  const width = (share: number): string => `${((100 * share) / widest).toFixed(1)}%`;
  return (
    <section class="drift" aria-label={text[`drift_${measure}`]}>
      <p>
        <b>{text[`drift_${measure}`]}</b>{' '}
        <span class={`drift-level ${level}`}>
          {text[`drift_${level}`]} (PSI {psi.toFixed(2)})
        </span>
      </p>
      <table class="drift-table">
        <thead>
          <tr>
            <th scope="col">
              <span class="visually-hidden">{text.name}</span>
            </th>
            <th scope="col">{text.drift_then}</th>
            <th scope="col">{text.drift_now}</th>
            <th scope="col" aria-hidden="true" />
          </tr>
        </thead>
        <tbody>
          {shown.map(({ label, now, usual }) => (
            <tr key={label}>
              <th scope="row">{nameOf(label)}</th>
              <td>{format.share(usual)}</td>
              <td>{format.share(now)}</td>
              <td class="drift-bars" aria-hidden="true">
                <svg width="100%" height="14">
                  <rect class="then" y="1" height="5" width={width(usual)} />
                  <rect class="now" y="8" height="5" width={width(now)} />
                </svg>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
