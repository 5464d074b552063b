/**
 * The model that labels: where it comes from, how often it is right, how well its probabilities are calibrated, how far today's
 * stream is from what it was measured on, and the words of its card. The card is text, not HTML: its words came with a file.
 */
import type { ServedAnswer } from '../contract.ts';
import { CalibrationChart } from './calibration_chart.tsx';
import { Drift } from './drift.tsx';
import { languageName, useInterface } from './i18n.ts';
import { points } from './model_row.tsx';
import { ModelTable } from './model_table.tsx';
import { useRemote } from './remote.ts';
import { Empty, Failed, Skeleton } from './states.tsx';

type Figure = ServedAnswer['figures'][number];

export function ServedModel({ version, retry }: { version: number; retry(): void }) {
  const { text } = useInterface();
  const { answer, failed } = useRemote<ServedAnswer>('/api/learning/served', version);
  return (
    <section class={`card view-head ${answer === null && !failed ? 'to-come' : ''}`} aria-labelledby="served-title">
      <h3 id="served-title">{text.served_title}</h3>
      {answer === null ? failed ? <Failed retry={retry} /> : <Skeleton lines={12} /> : <Served served={answer} />}
    </section>
  );
}

function Served({ served: { model, origin, card, figures, drift } }: { served: ServedAnswer }) {
  const { text } = useInterface();
  // The split that no choice was made by, where it was asked.
  const split = figures.some((one) => one.split === 'test') ? 'test' : figures[0]?.split;
  const shown = figures.filter((one) => one.split === split);
  const calibrated = shown.filter(({ task, bins }) => task === 'sentiment' && bins.length > 0);
  return (
    <>
      <p>
        <b>{model ?? text.served_unknown}</b> <span class="muted">{text[`served_${origin}`]}</span>
      </p>
      {shown.length === 0 && <Empty>{text.served_unmeasured}</Empty>}
      {shown.length > 0 && (
        <>
          <h4>{text.served_right}</h4>
          <p class="muted small">{split === 'test' ? text.served_right_test : text.served_right_dev}</p>
          <Table figures={shown} />
        </>
      )}
      {calibrated.length > 0 && (
        <>
          <h4>{text.calibration}</h4>
          <p class="muted small">{text.calibration_intro}</p>
          <div class="calibrations">
            {calibrated.map((one) => (
              <CalibrationChart key={one.language} figure={one} />
            ))}
          </div>
        </>
      )}
      <h4>{text.drift}</h4>
      {drift === null ? <Empty>{text.drift_unmeasured}</Empty> : <Drift drift={drift} />}
      {card.length > 0 && <Card sections={card} />}
    </>
  );
}

function Table({ figures }: { figures: readonly Figure[] }) {
  const { text, format } = useInterface();
  const inOrder = figures.toSorted((a, b) => Number(b.set === 'all') - Number(a.set === 'all'));
  const columns = [
    text.models_set,
    text.language,
    text.models_head,
    text.models_rows,
    text.served_accuracy,
    text.served_interval,
    text.served_f1,
    text.served_ece,
  ];
  return (
    <ModelTable label={text.served_right} columns={columns} worded={3}>
      {inOrder.map((one) => (
        <tr key={`${one.set} ${one.language} ${one.task}`} class={one.set === 'all' ? 'whole' : undefined}>
          <th scope="row">{one.set === 'all' ? text.served_all : one.set}</th>
          <td class="worded">{languageName(one.language, text)}</td>
          <td class="worded">{text[`head_${one.task}` as 'head_sentiment'] ?? one.task}</td>
          <td>{format.count(one.rows)}</td>
          <td>{points(one.accuracy)}</td>
          <td>
            {points(one.low)}–{points(one.high)}
          </td>
          <td>{points(one.macro_f1)}</td>
          <td>{points(one.ece)}</td>
        </tr>
      ))}
    </ModelTable>
  );
}

function Card({ sections }: { sections: ServedAnswer['card'] }) {
  const { text } = useInterface();
  return (
    <details class="model-card">
      <summary>{text.served_card}</summary>
      <div lang="en">
        {sections.map(({ title, paragraphs, items }) => (
          <div key={title}>
            {title !== '' && <h4>{title}</h4>}
            {paragraphs.map((paragraph) => (
              <p key={paragraph}>{paragraph}</p>
            ))}
            <ul>
              {items.map((item) => (
                <li key={item}>{item}</li>
              ))}
            </ul>
          </div>
        ))}
      </div>
    </details>
  );
}
