/**
 * The box that searches the list, by what is typed once it settles. What it sent comes back as `value` while more is being typed, so
 * only a value that it did not send is written into it; and what an input method is still composing is no word to look for.
 */
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { useInterface } from './i18n.ts';
import { isOfInputMethod } from './input_method.ts';

/** Typing settles for this long before it becomes a query. */
const SETTLE_MS = 250;

export function SearchBox({ value, change }: { value: string; change(value: string): void }) {
  const { text } = useInterface();
  const [typed, setTyped] = useState(value);
  const settle = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const sent = useRef(value);
  const latest = useRef(change);
  latest.current = change;
  // Before the next key: an effect would wait for a frame, and `sent` may then be a later one.
  useLayoutEffect(() => {
    if (value === sent.current) return;
    clearTimeout(settle.current);
    sent.current = value;
    setTyped(value);
  }, [value]);
  useEffect(() => () => clearTimeout(settle.current), []);
  const write = (next: string, isComposing: boolean, wait = SETTLE_MS): void => {
    setTyped(next);
    clearTimeout(settle.current);
    if (isComposing) return;
    settle.current = setTimeout(() => {
      sent.current = next;
      latest.current(next);
    }, wait);
  };
  return (
    <label class="search">
      <span class="visually-hidden">{text.search}</span>
      <input
        type="search"
        placeholder={text.search_hint}
        title={text.search_key}
        maxLength={200}
        value={typed}
        onInput={(event) => write(event.currentTarget.value, (event as InputEvent).isComposing)}
        onCompositionEnd={(event) => write(event.currentTarget.value, false)}
        onKeyDown={(event) => {
          if (event.key === 'Escape' && !isOfInputMethod(event)) write('', false, 0);
        }}
      />
      <kbd aria-hidden="true">/</kbd>
    </label>
  );
}
