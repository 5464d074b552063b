/** The keys of labelling, heard before those of the whole page, which know nothing of it. */
import { useLayoutEffect, useRef } from 'preact/hooks';

/**
 * One letter a topic, on the left hand's side first; not u (undo). Some mean something elsewhere on the page (a, c, o, s): here the
 * topic has them.
 */
export const TOPIC_KEYS = 'q w e r t a s d f g z x c v b y h i o p'.split(' ');

interface KeyActions {
  sentiment(index: number): void;
  topic(index: number): void;
  agree(): void;
  skip(): void;
  /** Null where there is nothing to take back here: then the key is the page's own. */
  readonly back: (() => void) | null;
}

export function useLabelKeys(actions: KeyActions): void {
  const now = useRef(actions);
  now.current = actions;
  useLayoutEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]') !== null) return;
      const target = event.target as HTMLElement;
      if (/^(input|select|textarea)$/i.test(target.tagName)) return;
      const isPressed = event.key === 'Enter' && /^(button|a|summary)$/i.test(target.tagName);
      // A key that is held would answer for documents that nobody has read; a browser presses a button again by it, too.
      if (event.repeat) {
        if (isPressed) event.preventDefault();
        return;
      }
      // Enter on a button, a link or what unfolds presses that, as everywhere.
      if (isPressed || !act(event.key, now.current)) return;
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
  else if (key === 'u' && actions.back !== null) actions.back();
  else if (topic >= 0) actions.topic(topic);
  else return false;
  return true;
}
