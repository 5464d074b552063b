/** What counts as what, unfolded beside the questions: people who read the same guide agree more often (docs/labelling.md). */
import { SENTIMENTS } from './correction.tsx';
import { useInterface } from './i18n.ts';

export function LabelGuide() {
  const { text } = useInterface();
  return (
    <details class="label-guide">
      <summary>{text.guide_title}</summary>
      <p>{text.guide_whose}</p>
      <dl>
        {SENTIMENTS.map((sentiment) => (
          <div key={sentiment}>
            <dt class={sentiment}>{text[sentiment]}</dt>
            <dd>{text[`guide_${sentiment}`]}</dd>
          </div>
        ))}
      </dl>
      <p>{text.guide_mixed}</p>
      <p>{text.guide_topic}</p>
    </details>
  );
}
