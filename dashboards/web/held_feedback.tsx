/** Feedback that waits for a second pair of eyes: who said what, why it is held, release or reject. Not one's own. */
import { useState } from 'preact/hooks';
import type { HeldAnswer } from '../contract.ts';
import { useFeedback } from './feedback.tsx';
import { useInterface } from './i18n.ts';
import { useRemote } from './remote.ts';
import { routeHref } from './route.ts';
import { Empty, Failed, Skeleton } from './states.tsx';
import { topicName } from './topics.ts';

type Held = HeldAnswer['held'][number];

export function HeldFeedback() {
  const { text } = useInterface();
  const { write, settled } = useFeedback();
  const [version, setVersion] = useState(0);
  const [decided, setDecided] = useState<ReadonlySet<string>>(new Set());
  const { answer, failed } = useRemote<HeldAnswer>(settled ? '/api/learning/held' : null, version);
  const decide = async (id: string, decision: 'release' | 'reject'): Promise<void> => {
    const taken = await write(
      `/api/learning/held/${id}/review`,
      { decision },
      decision === 'release' ? text.held_released : text.held_rejected,
    );
    if (taken) setDecided((before) => new Set(before).add(id));
  };
  const shown = answer?.held.filter(({ id }) => !decided.has(id)) ?? [];
  return (
    <section class="card view-head" aria-labelledby="held-title">
      <h3 id="held-title">{text.held_title}</h3>
      <p class="muted small">{text.held_intro}</p>
      {failed && answer === null && <Failed retry={() => setVersion(version + 1)} />}
      {answer === null && !failed && <Skeleton lines={3} />}
      {answer !== null && shown.length === 0 && <Empty>{text.held_nothing}</Empty>}
      <ul class="held">
        {shown.map((row) => (
          <HeldRow key={row.id} row={row} decide={decide} />
        ))}
      </ul>
    </section>
  );
}

function HeldRow({ row, decide }: { row: Held; decide(id: string, decision: 'release' | 'reject'): Promise<void> }) {
  const { text, language } = useInterface();
  const { person } = useFeedback();
  const isOwn = row.author === person;
  const shown = (value: string): string =>
    row.kind === 'topic'
      ? topicName(value, language)
      : value === 'negative' || value === 'neutral' || value === 'positive'
        ? text[value]
        : value;
  return (
    <li>
      <a class="link" href={routeHref('document', row.document_id)} lang={row.language === 'zh' ? 'zh-CN' : undefined}>
        {row.title}
      </a>
      <p class="small">
        <b>{shown(row.value)}</b> {text.instead_of(shown(row.model_value), row.author)}{' '}
        <span class="muted">{text[`held_why_${row.reason}`]}</span>
      </p>
      <span class="label-steps">
        {isOwn ? (
          <span class="muted small">{text.held_own}</span>
        ) : (
          (['release', 'reject'] as const).map((decision) => (
            <button
              type="button"
              key={decision}
              class="line-button"
              aria-label={text.held_decide(text[`held_${decision}`], row.title.slice(0, 80))}
              onClick={() => void decide(row.id, decision)}
            >
              {text[`held_${decision}`]}
            </button>
          ))
        )}
      </span>
    </li>
  );
}
