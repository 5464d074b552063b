/**
 * Light, dark or as the system says; a personal choice, so it is kept in this browser and not in the address. The
 * style sheet uses light-dark(), which follows `color-scheme`; canvases read resolved colours through `resolveColours`.
 */

export type Theme = 'auto' | 'light' | 'dark';
const KEY = 'tidewatch.theme';

export function readTheme(): Theme {
  try {
    const kept = localStorage.getItem(KEY);
    return kept === 'light' || kept === 'dark' ? kept : 'auto';
  } catch {
    return 'auto';
  }
}

/** Shows the theme and keeps it; a browser that forbids storage just forgets it. */
export function applyTheme(theme: Theme): void {
  document.documentElement.dataset['theme'] = theme;
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // Private windows may refuse storage; the choice then lasts as long as the page.
  }
}

/** Custom properties as the colours that they resolve to now: canvas knows neither var() nor light-dark(). */
export function resolveColours<Name extends string>(names: readonly Name[]): Record<Name, string> {
  const probe = document.createElement('span');
  document.body.append(probe);
  const colours = {} as Record<Name, string>;
  for (const name of names) {
    probe.style.color = `var(--${name})`;
    colours[name] = getComputedStyle(probe).color;
  }
  probe.remove();
  return colours;
}

/** Calls back when the system changes between light and dark; returns the way to stop. */
export function onSystemTheme(changed: () => void): () => void {
  const query = matchMedia('(prefers-color-scheme: dark)');
  query.addEventListener('change', changed);
  return () => query.removeEventListener('change', changed);
}
