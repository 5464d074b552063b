/** Three probabilities as one small stacked bar, with the same in words for those who do not see it. */
import type { OpinionRow } from '../contract.ts';
import { useInterface } from './i18n.ts';

export function SentimentBar({ probabilities, sentiment }: Pick<OpinionRow, 'probabilities' | 'sentiment'>) {
  const { text, format } = useInterface();
  const { negative, neutral, positive } = probabilities;
  const words = text.probabilities(format.share(negative), format.share(neutral), format.share(positive));
  return (
    <span class={`sentiment ${sentiment}`} title={words}>
      <span class="sentiment-label">{text[sentiment]}</span>
      <span class="sentiment-bar" role="img" aria-label={words}>
        <i class="negative" style={{ flexGrow: negative }} />
        <i class="neutral" style={{ flexGrow: neutral }} />
        <i class="positive" style={{ flexGrow: positive }} />
      </span>
    </span>
  );
}
