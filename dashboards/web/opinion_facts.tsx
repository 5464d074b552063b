/** What stands below an opinion's title in lists: its sentiment in words, where it was said, and when. */
import type { Sentiment } from '../../core/event.ts';
import type { OpinionRow } from '../contract.ts';
import { useInterface } from './i18n.ts';

export function SentimentWord({ sentiment }: { sentiment: Sentiment }) {
  const { text } = useInterface();
  return (
    <span class={`sentiment ${sentiment}`}>
      <span class="sentiment-label">{text[sentiment]}</span>
    </span>
  );
}

export function OpinionFacts({ opinion }: { opinion: Pick<OpinionRow, 'sentiment' | 'source' | 'published_at'> }) {
  const { format } = useInterface();
  return (
    <>
      <SentimentWord sentiment={opinion.sentiment} />
      <span>{opinion.source}</span>
      <time dateTime={opinion.published_at} title={format.full(opinion.published_at)}>
        {format.moment(opinion.published_at)}
      </time>
    </>
  );
}
