/** Three probabilities as one small stacked bar, with the same in words for those who do not see it. */
import type { Sentiment } from '../../core/event.ts';
import type { OpinionRow } from '../contract.ts';
import { useInterface } from './i18n.ts';

interface SentimentBarProps extends Pick<OpinionRow, 'probabilities' | 'sentiment'> {
  /** What somebody says it is, shown instead, with the model's label beside. */
  readonly corrected?: string | undefined;
}

export function SentimentBar({ probabilities, sentiment, corrected }: SentimentBarProps) {
  const { text, format } = useInterface();
  const { negative, neutral, positive } = probabilities;
  const words = text.probabilities(format.share(negative), format.share(neutral), format.share(positive));
  const shown = isSentiment(corrected) ? corrected : sentiment;
  return (
    <span class={`sentiment ${shown}`} title={words}>
      <span class="sentiment-label">{text[shown]}</span>
      <span class="sentiment-bar" role="img" aria-label={words}>
        <i class="negative" style={{ flexGrow: negative }} />
        <i class="neutral" style={{ flexGrow: neutral }} />
        <i class="positive" style={{ flexGrow: positive }} />
      </span>
      {shown !== sentiment && <small class="model-label">{text.model_says(text[sentiment])}</small>}
    </span>
  );
}

function isSentiment(text: string | undefined): text is Sentiment {
  return text === 'negative' || text === 'neutral' || text === 'positive';
}
