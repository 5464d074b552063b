/**
 * Labelling, at #/label: one document at a time, most telling first, by keyboard. 1, 2, 3 say the sentiment and go on; a letter
 * says the topic and stays, since both may be wrong; Enter agrees with the model, the right arrow skips, u takes the last one
 * back. Every answer is feedback like any other: it has an author, and can be undone.
 *
 * The model's label stands as plain words below the text, and no button is preselected: what is preselected is agreed with by
 * habit.
 */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { Sentiment } from '../../core/event.ts';
import type { QueueAnswer } from '../contract.ts';
import { SENTIMENTS } from './correction.tsx';
import { onCameBack } from './came_back.ts';
import { useFeedback } from './feedback.tsx';
import { HeldFeedback } from './held_feedback.tsx';
import { useInterface } from './i18n.ts';
import { AskedDocument, AskedTopics } from './label_document.tsx';
import { LabelGuide } from './label_guide.tsx';
import { useLabelKeys } from './label_keys.ts';
import { begun, goneOn, lastOf, NOTHING_ASKED, refused, takenBack, type Steps } from './label_steps.ts';
import { fetchAnswer } from './remote.ts';
import { Empty, Failed, Skeleton } from './states.tsx';
import { TOPIC_LABELS } from './topics.ts';
import { Page } from './view.tsx';

type Asked = QueueAnswer['queue'][number];

const PAGE = 20;

export function LabelPage() {
  const { text } = useInterface();
  const { person, settled, role, ask } = useFeedback();
  if (role === 'reader') {
    return (
      <Page title={text.label_title}>
        <section class="card view-head">
          <Empty>{text.needs_role('analyst')}</Empty>
        </section>
      </Page>
    );
  }
  return (
    <Page title={text.label_title}>
      <section class="card view-head label-card tall" aria-live="polite" aria-label={text.label_title}>
        {!settled ? (
          <Skeleton lines={8} />
        ) : person === null ? (
          <div class="label-start">
            <p>{text.label_intro}</p>
            <button type="button" class="solid-button" onClick={() => void ask()}>
              {text.label_begin}
            </button>
          </div>
        ) : (
          <Queue key={person} person={person} />
        )}
      </section>
      <HeldFeedback />
    </Page>
  );
}

/** At the foot of every page; not for those who may not label. */
export function LabelLink() {
  const { text } = useInterface();
  const { role } = useFeedback();
  if (role === 'reader') return null;
  return (
    <a class="link" href="#/label">
      {text.label_title}
    </a>
  );
}

function Queue({ person }: { person: string }) {
  const { text } = useInterface();
  const { steps, setSteps, failed, load } = useQueue(person);
  const { queue, at } = steps;
  const { say, standing, undo } = useFeedback();
  const asked = queue?.[at] ?? null;
  const last = lastOf(steps);
  const isThrough = queue !== null && queue.length > 0 && asked === null;
  const mine = (one: Asked) =>
    standing(one.document.document_id, one.document.feedback).filter(({ author }) => author === person);

  const latest = useRef({ mine, isThrough });
  latest.current = { mine, isThrough };
  /** What is on its way to the server: who takes back waits for it, or there is nothing yet to take back. */
  const saying = useRef<Promise<unknown>>(Promise.resolve());
  const said = async (): Promise<void> => {
    await saying.current;
    // The page has drawn by then what the answers said.
    await new Promise((resolve) => setTimeout(resolve));
  };
  const send = (
    of: Asked,
    request: { kind: 'sentiment'; value: Sentiment } | { kind: 'topic'; value: string },
  ): void => {
    const taking = say({ ...request, document_id: of.document.document_id }).then((isTaken) => {
      if (!isTaken) setSteps((before) => refused(before, of));
    });
    saying.current = Promise.all([saying.current, taking]);
  };

  const next = (): void => setSteps(goneOn);
  const sentiment = (value: Sentiment | undefined): void => {
    if (asked === null || value === undefined) return;
    send(asked, { kind: 'sentiment', value });
    next();
  };
  const topic = (value: string | undefined): void => {
    if (asked !== null && value !== undefined) send(asked, { kind: 'topic', value });
  };
  const back = async (before: Asked): Promise<void> => {
    setSteps(takenBack);
    await said();
    for (const row of latest.current.mine(before)) await undo(row);
  };
  useLabelKeys({
    sentiment: (index) => sentiment(SENTIMENTS[index]),
    topic: (index) => topic(TOPIC_LABELS[index]),
    agree: () => sentiment(asked?.document.sentiment),
    skip: next,
    back: last === null ? null : () => void back(last),
  });
  useEffect(() => {
    // An answer that is still on its way may bring its document back, and the server would ask about it again.
    if (isThrough) void said().then(() => latest.current.isThrough && load());
  }, [isThrough]);

  if (failed) return <Failed retry={load} />;
  if (queue?.length === 0) return <Empty>{text.label_nothing}</Empty>;
  if (queue === null || asked === null) return <Skeleton lines={8} />;
  const chosenTopic = mine(asked).find(({ kind }) => kind === 'topic')?.value ?? null;
  return (
    <article class="label-document">
      <p class="label-progress muted small">
        {text.label_progress(at + 1, queue.length)} ·{' '}
        {asked.reasons.map((reason) => text[`label_why_${reason}`]).join(' · ')}
      </p>
      <AskedDocument asked={asked} />
      <div class="label-answers">
        <span class="segments label-sentiments" role="group" aria-label={text.sentiment}>
          {SENTIMENTS.map((value, index) => (
            <button type="button" key={value} class={value} onClick={() => sentiment(value)}>
              <kbd>{index + 1}</kbd> {text[value]}
            </button>
          ))}
        </span>
        <span class="label-steps">
          <button type="button" class="line-button" onClick={() => sentiment(asked.document.sentiment)}>
            <kbd>⏎</kbd> {text.label_agree}
          </button>
          <button type="button" class="line-button" onClick={next}>
            <kbd>→</kbd> {text.label_skip}
          </button>
          <button
            type="button"
            class="line-button"
            disabled={last === null}
            onClick={() => last !== null && void back(last)}
          >
            <kbd>u</kbd> {text.undo}
          </button>
        </span>
      </div>
      <AskedTopics chosen={chosenTopic} model={asked.document.topic} choose={topic} />
      <LabelGuide />
    </article>
  );
}

/** What is asked, and how far one is: together, so that whatever brings another queue begins it at its first document. */
function useQueue(person: string) {
  const [steps, setSteps] = useState<Steps<Asked>>(NOTHING_ASKED);
  const [failed, setFailed] = useState(false);
  const load = useCallback((): void => {
    setFailed(false);
    const query = new URLSearchParams({ author: person, limit: String(PAGE) });
    fetchAnswer<QueueAnswer>(`/api/learning/queue?${query.toString()}`).then(
      (answer) => setSteps((before) => begun(before, answer.queue)),
      () => setFailed(true),
    );
  }, [person]);
  useEffect(load, [load]);
  useEffect(() => (failed ? onCameBack(load) : undefined), [failed, load]);
  return { steps, setSteps, failed, load };
}
