/**
 * A text with the weight of each word for its label. Colour says how much, an underline says against, so that no colour is
 * needed to tell; the strongest are listed in words for those who hear the page.
 */
import type { ExplainAnswer, WordWeight } from '../contract.ts';
import { useInterface } from './i18n.ts';

const LISTED = 6;

export function WeightedWords({ explained }: { explained: ExplainAnswer }) {
  const { text, format } = useInterface();
  const { words, label } = explained;
  const most = Math.max(0.5, ...words.map(({ weight }) => Math.abs(weight)));
  const strongest = [...words].sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight)).slice(0, LISTED);
  const signed = (weight: number): string => `${weight < 0 ? '−' : '+'}${Math.abs(weight).toFixed(2)}`;
  return (
    <>
      <p>{text.words_intro(text[label], format.share(explained.probability))}</p>
      <p class={`weighted ${label}`}>
        {pieces(explained.text, words).map(({ piece, weight }, index) =>
          weight === null ? (
            piece
          ) : (
            <span
              key={index}
              class={weight < 0 ? 'against' : 'for'}
              style={{ '--weight': `${Math.round((Math.abs(weight) / most) * 60)}%` }}
              title={signed(weight)}
            >
              {piece}
            </span>
          ),
        )}
      </p>
      <p class="small">
        {strongest.map(({ word, start, weight }) => (
          <span key={start} class="word">
            {word} <small>{signed(weight)}</small>
          </span>
        ))}
      </p>
      <p class="muted small">
        {explained.method === 'occlusion' ? text.method_occlusion : text.method_shapley} {explained.model}
      </p>
    </>
  );
}

/** The text cut at its words; what lies between has no weight. */
export function pieces(
  text: string,
  words: readonly WordWeight[],
): readonly { readonly piece: string; readonly weight: number | null }[] {
  const cut: { piece: string; weight: number | null }[] = [];
  let at = 0;
  for (const { start, end, weight } of words) {
    if (start > at) cut.push({ piece: text.slice(at, start), weight: null });
    cut.push({ piece: text.slice(start, end), weight });
    at = end;
  }
  if (at < text.length) cut.push({ piece: text.slice(at), weight: null });
  return cut;
}
