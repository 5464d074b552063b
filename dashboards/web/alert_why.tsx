/** Why an alert fired, step by step: from the count against its usual range to how sure the labels are. */
import type { AlertRow } from '../contract.ts';
import { useFigures } from './alert_figures.tsx';
import { shortAuthor } from './author.ts';
import { EvidenceChart } from './evidence_chart.tsx';
import { eventName } from './event_name.ts';
import { langOf, useInterface } from './i18n.ts';
import { topicName } from './topics.ts';

const MOST_WORDS = 14;

export function AlertWhy({ alert }: { alert: AlertRow }) {
  const { text, format, language } = useInterface();
  const { evidence, interval } = alert;
  const { figure, counted } = useFigures(alert);
  /** Chinese marks bring their own space. */
  const gap = language === 'zh' ? '' : ' ';
  const times = (value: number): string => format.decimal(value);
  return (
    <ol class="steps">
      <Step title={text.step_expected}>
        <p>
          {text.step_observed(counted(alert.observed))}
          {gap}
          {text.expected_range(figure(alert.expected), figure(interval.low), figure(interval.high))}
          {language === 'zh' ? '。' : '.'}
          {gap}
          {text.step_share(format.share(alert.observed_share), format.share(alert.expected_share))}
        </p>
        {evidence !== null && (
          <>
            <EvidenceChart chart={evidence.chart} />
            <p class="muted small">
              {text.window(format.moment(evidence.window_start), format.moment(evidence.window_end))}
            </p>
          </>
        )}
      </Step>
      <Step title={text.step_chance}>
        <p>
          {text.step_score(times(alert.score))}
          {gap}
          {alert.q_value === null ? text.no_q_value : text.step_q(percent(alert.q_value, format.locale))}
        </p>
      </Step>
      {evidence === null ? (
        <li>
          <p class="muted">{text.no_evidence}</p>
        </li>
      ) : (
        <>
          {evidence.words.length > 0 && (
            <Step title={text.step_words}>
              <p class="words">
                {evidence.words.slice(0, MOST_WORDS).map((word) => (
                  <span
                    key={`${word.language} ${word.word}`}
                    class="word"
                    lang={langOf(word.language)}
                    title={text.word_hint(times(word.count), times(word.usual), times(word.z))}
                  >
                    {word.word} <small>×{times(word.count)}</small>
                  </span>
                ))}
              </p>
            </Step>
          )}
          <Step title={text.step_authors}>
            <p>
              {text.author_share(format.share(evidence.authors.top_share), evidence.authors.top.length)}
              {gap}
              {evidence.authors.hhi > 0.25 ? text.few_voices : text.many_voices}
            </p>
            <Shares
              rows={evidence.authors.top.map(({ author, share }) => [shortAuthor(author), share, format.share(share)])}
            />
          </Step>
          <Step title={text.step_about}>
            <Shares
              rows={[
                ...evidence.topics.map(({ topic, stories }) => [topicName(topic, language), stories] as const),
                ...evidence.events.map(
                  ({ event, stories }) => [text.event(eventName(event, language)), stories] as const,
                ),
              ].map(([name, stories]) => [name, stories / Math.max(1, alert.story_count), text.stories(stories)])}
            />
            {evidence.sources.length > 0 && (
              <p class="muted small">
                {text.sources}: {evidence.sources.map(({ source, stories }) => `${source} (${stories})`).join(' · ')}
              </p>
            )}
          </Step>
          <Step title={text.step_sure}>
            <p>
              {text.certainty(
                format.share(evidence.certainty.mean_negative),
                format.share(evidence.certainty.mean_confidence),
                format.share(evidence.certainty.low_confidence_share),
              )}
            </p>
          </Step>
        </>
      )}
    </ol>
  );
}

function Step({ title, children }: { title: string; children: preact.ComponentChildren }) {
  return (
    <li>
      <h4>{title}</h4>
      {children}
    </li>
  );
}

function Shares({ rows }: { rows: readonly (readonly [string, number, string])[] }) {
  return (
    <ul class="shares">
      {rows.slice(0, 8).map(([name, share, said], index) => (
        // By place: alerts of earlier versions name a voice at two outlets twice.
        <li key={index}>
          <span class="share-name">{name}</span>
          <span class="share-bar" aria-hidden="true">
            <i style={{ width: `${Math.min(1, share) * 100}%` }} />
          </span>
          <span class="muted">{said}</span>
        </li>
      ))}
    </ul>
  );
}

/** Small shares need their digits: 0.4% is not 0%. */
function percent(value: number, locale: string): string {
  if (value > 0 && value < 0.0001) return '<\u00a00.01%';
  return new Intl.NumberFormat(locale, { style: 'percent', maximumSignificantDigits: 2 }).format(value);
}
