/** Text for HTML and SVG, in elements and attributes: the five signs that mean something there become references. */
export function escapeMarkup(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
