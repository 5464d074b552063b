/**
 * Choosing an entity of the watchlist by typing a part of its name. A plain field with the browser's own list of suggestions:
 * it works by keyboard, by finger and by screen reader as the system does. The watchlist may hold ten thousand, so the server
 * looks. Rejected: a list to choose from (only what is in the present span fits), a home-made combobox.
 */
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import type { EntitiesAnswer } from '../contract.ts';
import { queryOf } from './address.ts';
import { rememberNames } from './entity_names.ts';
import { useInterface } from './i18n.ts';
import { isOfInputMethod } from './input_method.ts';
import { fetchAnswer } from './remote.ts';

const SETTLE_MS = 120;

interface EntityPickerProps {
  readonly label: string;
  /** Ids that are chosen already. */
  readonly without: readonly string[];
  choose(id: string): void;
}

export function EntityPicker({ label, without, choose }: EntityPickerProps) {
  const { text, language } = useInterface();
  const list = useId();
  const [typed, setTyped] = useState('');
  const [found, setFound] = useState<EntitiesAnswer['entities']>([]);
  const [asked, setAsked] = useState('');
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const q = typed.trim();
    if (q === '') return undefined;
    const abort = new AbortController();
    const settle = setTimeout(() => {
      fetchAnswer<EntitiesAnswer>(`/api/entities?${queryOf({ q, limit: '20' })}`, abort.signal).then(
        ({ entities }) => {
          rememberNames(entities);
          setFound(entities);
          setAsked(q);
        },
        () => undefined,
      );
    }, SETTLE_MS);
    return () => {
      clearTimeout(settle);
      abort.abort();
    };
  }, [typed]);
  const offered = found.filter(({ id }) => !without.includes(id));
  const take = (id: string): void => {
    setTyped('');
    setFound([]);
    choose(id);
    field.current?.focus();
  };
  const named = (name: string) =>
    offered.find((one) => [one.id, one.name.en, one.name.zh].some((own) => own.toLowerCase() === name.toLowerCase()));
  const missing = typed.trim() !== '' && asked === typed.trim() && offered.length === 0;
  return (
    <span class="entity-picker">
      <input
        ref={field}
        type="text"
        list={list}
        value={typed}
        maxLength={200}
        aria-label={label}
        placeholder={label}
        autocomplete="off"
        onInput={(event) => {
          const { value } = event.currentTarget;
          const chosen = named(value.trim());
          // A suggestion that was taken arrives as its whole name; one that is being typed may be the start of a longer one.
          const { inputType, isComposing } = event as InputEvent;
          if (chosen !== undefined && inputType !== 'insertText' && !isComposing) take(chosen.id);
          else setTyped(value);
        }}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || isOfInputMethod(event)) return;
          event.preventDefault();
          const chosen = named(typed.trim()) ?? offered[0];
          if (chosen !== undefined) take(chosen.id);
        }}
      />
      <datalist id={list}>
        {offered.map(({ id, name }) => (
          <option key={id} value={name[language]} />
        ))}
      </datalist>
      <span role="status" class="muted small">
        {missing && text.no_such_entity}
      </span>
    </span>
  );
}
