/** Answers that were asked for before the page's script ran, kept for whoever asks the same first; each is given once. */

declare global {
  // eslint-disable-next-line no-var -- what two scripts share is a property of the window
  var tidewatchEarly: Map<string, Promise<Response>> | undefined;
}

export const JSON_ONLY = { accept: 'application/json' };

export function askEarly(urls: readonly string[]): void {
  const early = new Map(urls.map((url) => [url, fetch(url, { headers: JSON_ONLY })]));
  // Whoever takes one hears of its failure; one that nobody takes fails in silence.
  for (const answer of early.values()) answer.catch(() => undefined);
  globalThis.tidewatchEarly = early;
}

export function takeEarly(url: string): Promise<Response> | undefined {
  const answer = globalThis.tidewatchEarly?.get(url);
  globalThis.tidewatchEarly?.delete(url);
  return answer;
}
