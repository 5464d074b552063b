/** A span of one's own: from and to, in the browser's own fields for a time, so that it works by keyboard. Local time. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Address } from './address.ts';
import { useInterface } from './i18n.ts';
import { isOfInputMethod } from './input_method.ts';

interface RangeFormProps {
  readonly address: Address;
  change(change: Partial<Address>): void;
  close(): void;
}

export function RangeForm({ address, change, close }: RangeFormProps) {
  const { text } = useInterface();
  const [from, setFrom] = useState(() => fieldOf(address.from ?? new Date(Date.now() - 2 * 86_400_000).toISOString()));
  const [to, setTo] = useState(() => fieldOf(address.to ?? new Date().toISOString()));
  const [backward, setBackward] = useState(false);
  const first = useRef<HTMLInputElement>(null);
  useEffect(() => first.current?.focus(), []);
  const submit = (event: Event): void => {
    event.preventDefault();
    const [start, end] = [new Date(from), new Date(to)];
    const wrong = !(start.getTime() < end.getTime());
    setBackward(wrong);
    if (wrong) return;
    change({ from: start.toISOString(), to: end.toISOString() });
    close();
  };
  return (
    <form
      class="range-form"
      onSubmit={submit}
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || isOfInputMethod(event)) return;
        event.stopPropagation();
        close();
      }}
    >
      <label>
        <span class="field-name">{text.range_from}</span>
        <input
          ref={first}
          type="datetime-local"
          required
          value={from}
          onInput={(event) => setFrom(event.currentTarget.value)}
        />
      </label>
      <label>
        <span class="field-name">{text.range_to}</span>
        <input type="datetime-local" required value={to} onInput={(event) => setTo(event.currentTarget.value)} />
      </label>
      <button type="submit" class="solid-button">
        {text.range_apply}
      </button>
      <button type="button" class="text-button" onClick={close}>
        {text.cancel}
      </button>
      <span role="alert" class="range-wrong">
        {backward && text.range_backward}
      </span>
    </form>
  );
}

/** A time as the field wants it: local, to the minute. */
function fieldOf(iso: string): string {
  const at = new Date(iso);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
