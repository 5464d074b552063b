/**
 * Whether a key belongs to an input method: Enter takes what it offers and Escape drops it, and neither is meant for the page.
 * Safari tells the key that ends a composition after its end, with 229 as its only mark
 * (https://bugs.webkit.org/show_bug.cgi?id=165004).
 */
export function isOfInputMethod(event: KeyboardEvent): boolean {
  return event.isComposing || event.keyCode === 229;
}
