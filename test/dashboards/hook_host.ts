/** Runs a component that draws nothing, for the hooks in it: no browser is needed. */
import { h, render, type ComponentType } from 'preact';

/** A function that draws `component` with these properties, in the same place each time. */
export function hookHost<Properties extends object>(
  component: ComponentType<Properties>,
): (properties: Properties) => void {
  const parent = {
    nodeType: 1,
    childNodes: [],
    firstChild: null,
    contains: () => true,
    insertBefore: () => undefined,
  };
  return (properties) => render(h(component, properties), parent as unknown as Element);
}
