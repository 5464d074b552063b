/**
 * Correcting the labels of a document: sentiment by one click on the row, topic and entities in a panel below it. What a
 * person said is shown with the model's label beside, and can be taken back.
 */
import type { FeedbackRow } from '../../core/feedback.ts';
import type { Sentiment } from '../../core/event.ts';
import type { OpinionRow } from '../contract.ts';
import { nameOfEntity } from './entity_names.ts';
import { EntityPicker } from './entity_picker.tsx';
import { useFeedback } from './feedback.tsx';
import { useInterface } from './i18n.ts';
import { TOPIC_LABELS, topicName } from './topics.ts';

export const SENTIMENTS: readonly Sentiment[] = ['negative', 'neutral', 'positive'];
type Correctable = Pick<OpinionRow, 'document_id' | 'sentiment' | 'topic' | 'entities' | 'feedback'>;

/** What stands of one kind, mine first where I said something. */
export function useCorrection(row: Correctable, kind: FeedbackRow['kind']): FeedbackRow | undefined {
  const { standing, person } = useFeedback();
  const said = standing(row.document_id, row.feedback).filter((one) => one.kind === kind);
  return said.find((one) => one.author === person) ?? said[0];
}

/** Three buttons over the sentiment, there while the pointer is on the row; by keyboard 1, 2, 3 or the panel. */
export function QuickSentiment({ row }: { row: Correctable }) {
  const { text } = useInterface();
  const { say } = useFeedback();
  const said = useCorrection(row, 'sentiment');
  return (
    <span class="quick" role="group" aria-label={text.correct_sentiment}>
      {SENTIMENTS.map((value) => (
        <button
          type="button"
          key={value}
          tabIndex={-1}
          class={value}
          title={text.it_is(text[value])}
          aria-label={text.it_is(text[value])}
          aria-pressed={(said?.value ?? row.sentiment) === value}
          onClick={() => void say({ kind: 'sentiment', document_id: row.document_id, value })}
        >
          <span aria-hidden="true">{value === 'negative' ? '−' : value === 'neutral' ? '○' : '+'}</span>
        </button>
      ))}
    </span>
  );
}

/** All corrections of one document, each taken at once. */
export function CorrectionPanel({ row, id }: { row: Correctable; id: string }) {
  const { text, language } = useInterface();
  const { say } = useFeedback();
  const document_id = row.document_id;
  const sentiment = useCorrection(row, 'sentiment')?.value ?? row.sentiment;
  const topic = useCorrection(row, 'topic')?.value ?? row.topic;
  const corrected = useCorrection(row, 'entities');
  const ids = corrected === undefined ? row.entities.map((entity) => entity.id) : listOf(corrected.value);
  const nameOf = (entity: string): string =>
    row.entities.find((one) => one.id === entity)?.name[language] ?? nameOfEntity(entity, language);
  const topics = TOPIC_LABELS.includes(topic) ? TOPIC_LABELS : [topic, ...TOPIC_LABELS];
  return (
    <div class="correction" id={id}>
      <div class="correction-field" role="group" aria-label={text.sentiment}>
        <span class="field-name">{text.sentiment}</span>
        <span class="segments">
          {SENTIMENTS.map((value) => (
            <button
              type="button"
              key={value}
              class={value}
              aria-pressed={sentiment === value}
              onClick={() => void say({ kind: 'sentiment', document_id, value })}
            >
              {text[value]}
            </button>
          ))}
        </span>
      </div>
      <label class="correction-field">
        <span class="field-name">{text.topic}</span>
        <select
          value={topic}
          onChange={(event) => void say({ kind: 'topic', document_id, value: event.currentTarget.value })}
        >
          {topics.map((value) => (
            <option key={value} value={value}>
              {topicName(value, language)}
            </option>
          ))}
        </select>
      </label>
      <div class="correction-field" role="group" aria-label={text.entities}>
        <span class="field-name">{text.entities}</span>
        {ids.map((entity) => (
          <button
            type="button"
            key={entity}
            class="chip entity"
            aria-label={text.not_about(nameOf(entity))}
            title={text.not_about(nameOf(entity))}
            onClick={() => void say({ kind: 'entities', document_id, value: ids.filter((one) => one !== entity) })}
          >
            {nameOf(entity)} <span aria-hidden="true">×</span>
          </button>
        ))}
        <EntityPicker
          label={text.add_entity}
          without={ids}
          choose={(id) => void say({ kind: 'entities', document_id, value: [...ids, id] })}
        />
      </div>
    </div>
  );
}

/** Who corrected what, the model's label beside. */
export function Corrections({ row }: { row: Correctable }) {
  const { text, language } = useInterface();
  const { standing, person, undo } = useFeedback();
  const said = standing(row.document_id, row.feedback);
  if (said.length === 0) return null;
  const names = new Map(row.entities.map((entity) => [entity.id, entity.name[language]]));
  const shown = (kind: FeedbackRow['kind'], value: string): string => {
    if (kind === 'sentiment') return SENTIMENTS.includes(value as Sentiment) ? text[value as Sentiment] : value;
    if (kind === 'topic') return topicName(value, language);
    const list = listOf(value).map((id) => names.get(id) ?? nameOfEntity(id, language));
    return list.length === 0 ? text.no_entity : list.join(', ');
  };
  return (
    <ul class="corrections">
      {said.map((one) => (
        <li key={one.id}>
          <b>{shown(one.kind, one.value)}</b>{' '}
          <span class="muted">
            {one.value === one.model_value
              ? text.agrees(one.author)
              : text.instead_of(shown(one.kind, one.model_value), one.author)}
          </span>
          {one.author === person && (
            <button type="button" class="text-button" onClick={() => void undo(one)}>
              {text.undo}
            </button>
          )}
        </li>
      ))}
    </ul>
  );
}

export function listOf(value: string): string[] {
  try {
    const list: unknown = JSON.parse(value);
    return Array.isArray(list) ? list.filter((item) => typeof item === 'string') : [];
  } catch {
    return [];
  }
}
