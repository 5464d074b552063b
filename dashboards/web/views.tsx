/**
 * Saved views: a name for what the address says (span, filters, page), and a link to it. Kept in this browser and not on the server:
 * a view is an address, so whoever should see it gets the link, and nobody needs a name or a token to keep one. The price is that
 * another computer does not know them.
 */
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { useFeedback } from './feedback.tsx';
import { useInterface } from './i18n.ts';
import { isOfInputMethod } from './input_method.ts';

interface View {
  readonly name: string;
  /** Query and hash. */
  readonly address: string;
}

const KEY = 'tidewatch.views';
const MOST = 50;

export function Views() {
  const { text } = useInterface();
  const { tell } = useFeedback();
  const [views, setViews] = useState(readViews);
  const [name, setName] = useState('');
  const menu = useRef<HTMLDetailsElement>(null);
  useLayoutEffect(() => {
    const close = (event: Event): void => {
      const box = menu.current;
      const isKey = event instanceof KeyboardEvent;
      if (isKey && (event.key !== 'Escape' || isOfInputMethod(event))) return;
      if (box?.open !== true || (!isKey && box.contains(event.target as Node))) return;
      box.open = false;
      if (!isKey) return;
      event.stopPropagation();
      box.querySelector('summary')?.focus();
    };
    addEventListener('keydown', close, true);
    addEventListener('pointerdown', close);
    return () => {
      removeEventListener('keydown', close, true);
      removeEventListener('pointerdown', close);
    };
  }, []);
  const keep = (next: readonly View[]): void => {
    setViews(next);
    writeViews(next);
  };
  const save = (event: Event): void => {
    event.preventDefault();
    const called = name.trim();
    if (called === '') return;
    const others = views.filter((one) => one.name !== called);
    keep([...others, { name: called, address: `${location.search}${location.hash}` }].slice(-MOST));
    setName('');
    tell(text.view_saved(called));
  };
  const share = (): void => {
    navigator.clipboard.writeText(location.href).then(
      () => tell(text.view_copied),
      // No clipboard without HTTPS on another machine than this one: the address bar has it.
      () => tell(text.view_not_copied),
    );
  };
  return (
    <details class="views" ref={menu}>
      <summary class="link">{text.views}</summary>
      <div class="views-menu card">
        {views.length === 0 && <p class="muted small">{text.views_none}</p>}
        <ul>
          {views.map((view) => (
            <li key={view.name}>
              <a
                class="link"
                href={view.address === '' ? '?' : view.address}
                onClick={(event) => {
                  event.preventDefault();
                  if (menu.current !== null) menu.current.open = false;
                  open(view);
                }}
              >
                {view.name}
              </a>
              <button
                type="button"
                class="text-button"
                aria-label={text.view_forget(view.name)}
                onClick={() => keep(views.filter((one) => one !== view))}
              >
                <span aria-hidden="true">×</span>
              </button>
            </li>
          ))}
        </ul>
        <form onSubmit={save}>
          <input
            aria-label={text.view_name}
            placeholder={text.view_name}
            maxLength={60}
            required
            value={name}
            onInput={(event) => setName(event.currentTarget.value)}
          />
          <button type="submit" class="line-button">
            {text.save}
          </button>
        </form>
        <button type="button" class="text-button" onClick={share}>
          {text.view_copy}
        </button>
        <p class="muted small">{text.views_where}</p>
      </div>
    </details>
  );
}

/** Goes there without loading the page anew. */
function open({ address }: View): void {
  const [search = '', hash = ''] = address.split(/(?=#)/);
  history.pushState(null, '', `${location.pathname}${search.startsWith('#') ? search : `${search}${hash}`}`);
  dispatchEvent(new PopStateEvent('popstate'));
  dispatchEvent(new HashChangeEvent('hashchange'));
}

function readViews(): readonly View[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? '[]');
    return Array.isArray(kept) ? kept.filter(isView) : [];
  } catch {
    return [];
  }
}

function isView(one: unknown): one is View {
  const { name, address } = (one ?? {}) as Partial<View>;
  // Nothing but a query and a hash of this page: what was kept once is not to lead elsewhere.
  return typeof name === 'string' && typeof address === 'string' && /^(\?[^#]*)?(#.*)?$/.test(address);
}

function writeViews(views: readonly View[]): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(views));
  } catch {
    // A private window: they last as long as it is open.
  }
}
