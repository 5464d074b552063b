/** Search and filters of the opinions. */
import type { Address } from './address.ts';
import { useInterface } from './i18n.ts';
import { SearchBox } from './search_box.tsx';
import { TOPIC_LABELS, topicName } from './topics.ts';

interface FiltersProps {
  readonly address: Address;
  readonly sources: readonly string[];
  change(change: Partial<Address>): void;
}

export function Filters({ address, sources, change }: FiltersProps) {
  const { text, language } = useInterface();
  const topics =
    address.topic !== null && !TOPIC_LABELS.includes(address.topic) ? [address.topic, ...TOPIC_LABELS] : TOPIC_LABELS;
  const listed = address.source !== null && !sources.includes(address.source) ? [address.source, ...sources] : sources;
  const filtered = [address.sentiment, address.language, address.topic, address.source, address.q].some(Boolean);
  return (
    <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
      <SearchBox value={address.q} change={(q) => change({ q })} />
      <Choice
        label={text.sentiment}
        any={text.any_sentiment}
        value={address.sentiment}
        change={(sentiment) => change({ sentiment })}
        options={(['negative', 'neutral', 'positive'] as const).map((value) => [value, text[value]])}
      />
      <Choice
        label={text.language}
        any={text.any_language}
        value={address.language}
        change={(value) => change({ language: value })}
        options={(['en', 'zh', 'other'] as const).map((value) => [value, text[`language_${value}`]])}
      />
      <Choice
        label={text.topic}
        any={text.any_topic}
        value={address.topic}
        change={(topic) => change({ topic })}
        options={topics.map((value) => [value, topicName(value, language)])}
      />
      <Choice
        label={text.source}
        any={text.any_source}
        value={address.source}
        change={(source) => change({ source })}
        options={listed.map((value) => [value, value])}
      />
      {filtered && (
        <button
          type="button"
          class="text-button"
          onClick={() => change({ sentiment: null, language: null, topic: null, source: null, q: '' })}
        >
          {text.clear_filters}
        </button>
      )}
    </form>
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly any: string;
  readonly value: string | null;
  readonly options: readonly (readonly [string, string])[];
  change(value: string | null): void;
}

function Choice({ label, any, value, options, change }: ChoiceProps) {
  return (
    <select
      aria-label={label}
      class={value === null ? '' : 'set'}
      value={value ?? ''}
      onChange={(event) => change(event.currentTarget.value || null)}
    >
      <option value="">{any}</option>
      {options.map(([key, name]) => (
        <option key={key} value={key}>
          {name}
        </option>
      ))}
    </select>
  );
}
