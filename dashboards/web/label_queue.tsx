/**
 * Labelling, at #/label: one document at a time, most telling first, by keyboard. 1, 2, 3 say the sentiment and go on; a letter
 * says the topic and stays, since both may be wrong; Enter agrees with the model, the right arrow skips, u takes the last one
 * back. Every answer is feedback like any other: it has an author, and can be undone.
 *
 * The model's label stands as plain words below the text, and no button is preselected: what is preselected is agreed with by
 * habit.
 */
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { QueueAnswer } from '../contract.ts';
import { SENTIMENTS } from './correction.tsx';
import { onCameBack } from './came_back.ts';
import { useFeedback } from './feedback.tsx';
import { HeldFeedback } from './held_feedback.tsx';
import { langOf, useInterface } from './i18n.ts';
import { LabelGuide } from './label_guide.tsx';
import { fetchAnswer } from './remote.ts';
import { routeHref } from './route.ts';
import { Empty, Failed, Skeleton } from './states.tsx';
import { TOPIC_LABELS, topicName } from './topics.ts';
import { Page } from './view.tsx';

type Asked = QueueAnswer['queue'][number];

/**
 * One letter a topic, on the left hand's side first; not u (undo). Some mean something elsewhere on the page (a, c, o, s): here the
 * topic has them, since these keys are read before the page's own.
 */
const TOPIC_KEYS = 'q w e r t a s d f g z x c v b y h i o p'.split(' ');
const PAGE = 20;

export function LabelPage() {
  const { text } = useInterface();
  const { person, settled, ask } = useFeedback();
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

function Queue({ person }: { person: string }) {
  const { text } = useInterface();
  const { queue, at, setAt, failed, load } = useQueue(person);
  const { say, standing, undo } = useFeedback();
  const asked = queue?.[at] ?? null;
  const mine = (one: Asked) =>
    standing(one.document.document_id, one.document.feedback).filter(({ author }) => author === person);

  const latest = useRef(mine);
  latest.current = mine;
  /** What is on its way to the server: who takes back waits for it, or there is nothing yet to take back. */
  const saying = useRef<Promise<unknown>>(Promise.resolve());
  const send = (...request: Parameters<typeof say>): void => {
    saying.current = Promise.all([saying.current, say(...request)]);
  };

  const next = (): void => setAt(at + 1);
  const sentiment = (value: string): void => {
    const chosen = SENTIMENTS.find((one) => one === value);
    if (asked === null || chosen === undefined) return;
    send({ kind: 'sentiment', document_id: asked.document.document_id, value: chosen });
    next();
  };
  const topic = (value: string): void => {
    if (asked !== null) send({ kind: 'topic', document_id: asked.document.document_id, value });
  };
  const back = async (): Promise<void> => {
    const before = queue?.[at - 1];
    if (before === undefined) return;
    setAt(at - 1);
    await saying.current;
    // The page has drawn by then what the answers said.
    await new Promise((resolve) => setTimeout(resolve));
    for (const row of latest.current(before)) await undo(row);
  };
  useKeys({
    sentiment: (index) => sentiment(SENTIMENTS[index] ?? ''),
    topic: (index) => topic(TOPIC_LABELS[index] ?? ''),
    agree: () => asked !== null && sentiment(asked.document.sentiment),
    skip: () => asked !== null && next(),
    back: () => void back(),
  });
  const isThrough = queue !== null && queue.length > 0 && asked === null;
  useEffect(() => {
    if (isThrough) load();
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
      <Document asked={asked} />
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
          <button type="button" class="line-button" disabled={at === 0} onClick={() => void back()}>
            <kbd>u</kbd> {text.undo}
          </button>
        </span>
      </div>
      <Topics chosen={chosenTopic} model={asked.document.topic} choose={topic} />
      <LabelGuide />
    </article>
  );
}

function Document({ asked: { document } }: { asked: Asked }) {
  const { text, format, language } = useInterface();
  const lang = langOf(document.language);
  return (
    <>
      {document.title !== null && (
        <h3 class="label-headline" lang={lang}>
          <a class="link" href={routeHref('document', document.document_id)}>
            {document.title}
          </a>
        </h3>
      )}
      {document.text !== document.title && (
        <p class="label-text" lang={lang}>
          {document.text}
        </p>
      )}
      <p class="evidence-meta">
        <span>{document.source}</span>
        <time dateTime={document.published_at}>{format.moment(document.published_at)}</time>
        <span>{document.entities.map(({ name }) => name[language]).join(', ')}</span>
        <span>
          {text.model_says(text[document.sentiment])}, {topicName(document.topic, language)}
        </span>
      </p>
    </>
  );
}

function Topics({ chosen, model, choose }: { chosen: string | null; model: string; choose(topic: string): void }) {
  const { text, language } = useInterface();
  return (
    <div class="label-topics" role="group" aria-label={text.topic}>
      {TOPIC_LABELS.map((label, index) => (
        <button
          type="button"
          key={label}
          class={`chip ${label === model ? 'is-model' : ''}`}
          aria-pressed={chosen === label}
          onClick={() => choose(label)}
        >
          <kbd>{TOPIC_KEYS[index]}</kbd> {topicName(label, language)}
        </button>
      ))}
    </div>
  );
}

/** What is asked, and how far one is: together, so that whatever brings another queue begins it at its first document. */
function useQueue(person: string) {
  const [{ queue, at }, setState] = useState<{ queue: QueueAnswer['queue'] | null; at: number }>({
    queue: null,
    at: 0,
  });
  const [failed, setFailed] = useState(false);
  const load = useCallback((): void => {
    setFailed(false);
    const query = new URLSearchParams({ author: person, limit: String(PAGE) });
    fetchAnswer<QueueAnswer>(`/api/learning/queue?${query.toString()}`).then(
      (answer) => setState({ queue: answer.queue, at: 0 }),
      () => setFailed(true),
    );
  }, [person]);
  useEffect(load, [load]);
  useEffect(() => (failed ? onCameBack(load) : undefined), [failed, load]);
  const setAt = (next: number): void => setState((before) => ({ ...before, at: next }));
  return { queue, at, setAt, failed, load };
}

interface KeyActions {
  sentiment(index: number): void;
  topic(index: number): void;
  agree(): void;
  skip(): void;
  back(): void;
}

/** Before the keys of the whole page, which know nothing of this one. */
function useKeys(actions: KeyActions): void {
  const now = useRef(actions);
  now.current = actions;
  useLayoutEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]') !== null) return;
      const target = event.target as HTMLElement;
      if (/^(input|select|textarea)$/i.test(target.tagName)) return;
      // Enter on a button, a link or what unfolds presses that, as everywhere.
      if (event.key === 'Enter' && /^(button|a|summary)$/i.test(target.tagName)) return;
      if (!act(event.key, now.current)) return;
      event.preventDefault();
      event.stopPropagation();
    };
    addEventListener('keydown', press, true);
    return () => removeEventListener('keydown', press, true);
  }, []);
}

function act(key: string, actions: KeyActions): boolean {
  const topic = TOPIC_KEYS.findIndex((one) => one === key);
  if (['1', '2', '3'].includes(key)) actions.sentiment(Number(key) - 1);
  else if (key === 'Enter') actions.agree();
  else if (key === 'ArrowRight') actions.skip();
  else if (key === 'u') actions.back();
  else if (topic >= 0) actions.topic(topic);
  else return false;
  return true;
}
