/** The document that is asked about, with what the model says of it in plain words, and the topics to choose from. */
import type { QueueAnswer } from '../contract.ts';
import { langOf, useInterface } from './i18n.ts';
import { TOPIC_KEYS } from './label_keys.ts';
import { routeHref } from './route.ts';
import { TOPIC_LABELS, topicName } from './topics.ts';

export function AskedDocument({ asked: { document } }: { asked: QueueAnswer['queue'][number] }) {
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

export function AskedTopics({
  chosen,
  model,
  choose,
}: {
  chosen: string | null;
  model: string;
  choose(topic: string): void;
}) {
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
