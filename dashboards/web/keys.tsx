/**
 * The keys of the page, and the sheet that lists them. Single letters only while nothing is being typed and without
 * modifiers. A key presses the button that is there, so that keys and pointer never do different things.
 */
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { useInterface } from './i18n.ts';
import { hasUnsaved } from './unsaved.ts';

const VERDICT_KEYS = new Set(['1', '2', '3', '4']);

export function Keys({ undoLast }: { undoLast(): void }) {
  const { text } = useInterface();
  const [open, setOpen] = useState(false);
  const dialog = useRef<HTMLDialogElement>(null);
  const undo = useRef(undoLast);
  undo.current = undoLast;
  // Heard from the moment the page stands there: an effect would wait for a frame, and lose a quick hand's first key.
  useLayoutEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      // A held key would judge what nobody has read; down and up the list it is a way to go.
      if (event.repeat && event.key !== 'j' && event.key !== 'k') return;
      const target = event.target as HTMLElement;
      if (/^(input|select|textarea)$/i.test(target.tagName) || document.querySelector('dialog[open]') !== null) return;
      if (event.key === '?') setOpen(true);
      else if (event.key === 's' && !hasUnsaved()) location.hash = '#/find';
      else if (event.key === '/') toSearchBox();
      else if (event.key === 'u') undo.current();
      else if (!pressOnPage(event.key)) return;
      event.preventDefault();
    };
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  }, []);
  useEffect(() => {
    if (open) dialog.current?.showModal();
  }, [open]);
  if (!open) return null;
  const rows: readonly (readonly [string, string])[] = [
    ['?', text.key_help],
    ['/', text.key_search],
    ['s', text.key_find],
    ['j k', text.key_move],
    ['1 2 3', text.key_sentiment],
    ['c', text.key_correct],
    ['o', text.key_open],
    ['u', text.key_undo],
    ['1 2 3 4', text.key_verdict],
    ['a', text.key_acknowledge],
    ['[ ]', text.key_neighbours],
    ['Esc', text.key_back],
  ];
  return (
    <dialog ref={dialog} class="sheet" aria-labelledby="keys-title" onClose={() => setOpen(false)}>
      <h2 id="keys-title">{text.keys}</h2>
      <dl class="keys">
        {rows.map(([keys, says]) => (
          <div key={keys}>
            <dt>
              {keys.split(' ').map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{says}</dd>
          </div>
        ))}
      </dl>
      <form method="dialog" class="sheet-foot">
        <button type="submit" class="solid-button">
          {text.close}
        </button>
      </form>
    </dialog>
  );
}

/** To the box that the page searches by, or to the page that searches everything. */
function toSearchBox(): void {
  const box = document.querySelector<HTMLInputElement>('main input[type="search"]');
  if (box === null && !hasUnsaved()) location.hash = '#/find';
  box?.focus();
  box?.select();
}

/** What a key does on the page that is shown; false where it means nothing. */
function pressOnPage(key: string): boolean {
  const within = document.activeElement?.closest<HTMLElement>('.opinion') ?? null;
  if (key === 'j' || key === 'k') {
    const rows = [...document.querySelectorAll<HTMLElement>('.opinion')];
    const at = within === null ? (key === 'j' ? -1 : rows.length) : rows.indexOf(within);
    const next = rows[at + (key === 'j' ? 1 : -1)];
    next?.focus();
    next?.scrollIntoView({ block: 'nearest' });
    return next !== undefined;
  }
  if (key === 'Escape') {
    if (document.querySelector('main.view') === null || hasUnsaved()) return false;
    location.hash = '#/';
    return true;
  }
  if (within !== null) {
    if (key === 'c') return click(within.querySelector('.correct-button'));
    if (key === 'o') return click(within.querySelector('.details-link'));
    if (['1', '2', '3'].includes(key)) return click(within.querySelectorAll('.quick button')[Number(key) - 1]);
    return false;
  }
  if (VERDICT_KEYS.has(key)) {
    const buttons = document.querySelectorAll('.verdicts button, main.view .correction .segments button');
    return click(buttons[Number(key) - 1]);
  }
  if (key === '[' || key === ']') {
    return click(document.querySelector(key === '[' ? 'a.previous-alert' : 'a.next-alert'));
  }
  return key === 'a' && click(document.querySelector('.acknowledge'));
}

function click(button: Element | null | undefined): boolean {
  if (!(button instanceof HTMLElement)) return false;
  button.click();
  return true;
}
