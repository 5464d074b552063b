/**
 * Whether a form holds what nobody has saved. Then no key leads away from it, and the browser asks before it closes the page.
 * Rejected: asking before every link and Back: what was typed is kept (draft.ts), so that there is nothing to ask.
 */
import { useLayoutEffect } from 'preact/hooks';

const forms = new Set<symbol>();

export function hasUnsaved(): boolean {
  return forms.size > 0;
}

export function useUnsaved(isUnsaved: boolean): void {
  useLayoutEffect(() => {
    if (!isUnsaved) return undefined;
    const form = Symbol('a form with changes');
    const ask = (event: BeforeUnloadEvent): void => event.preventDefault();
    forms.add(form);
    addEventListener('beforeunload', ask);
    return () => {
      forms.delete(form);
      removeEventListener('beforeunload', ask);
    };
  }, [isUnsaved]);
}
