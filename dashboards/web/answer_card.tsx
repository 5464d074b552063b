/** The answer to a question: what was understood, the facts with their numbers, a chart, the sources. */
import type { AskAnswer } from '../contract.ts';
import { langOf, useInterface } from './i18n.ts';
import { routeHref } from './route.ts';
import { topicName } from './topics.ts';

const WIDTH = 640;
const HEIGHT = 120;

export function AnswerCard({ answer }: { answer: AskAnswer }) {
  const { text, format, language } = useInterface();
  const { question, documents } = answer;
  const about = [
    ...question.entities.slice(0, 1).map(({ name }) => name[language]),
    ...(question.topic === null ? [] : [topicName(question.topic, language)]),
  ];
  const shown = answer.prose ?? answer.sentences;
  return (
    <>
      <p class="muted small">
        {text.answer_understood}: {about.length === 0 ? text.answer_all : about.join(' · ')},{' '}
        {question.time_words ?? text.answer_default_time} ({format.moment(answer.from)} – {format.moment(answer.to)})
      </p>
      {answer.prose !== null && <h4>{text.answer_prose}</h4>}
      <Sentences sentences={shown} lang={answer.language} />
      {answer.prose_refused !== null && answer.prose_refused !== 'nothing_to_cite' && (
        <p class="muted small">{text.answer_refused(answer.prose_refused)}</p>
      )}
      {documents.length > 0 && <Course answer={answer} />}
      {answer.prose !== null && (
        <details>
          <summary>{text.answer_facts}</summary>
          <Sentences sentences={answer.sentences} lang={answer.language} />
        </details>
      )}
      {documents.length > 0 && (
        <>
          <h4>{text.answer_sources}</h4>
          <ol class="cited">
            {documents.map((document) => (
              <li key={document.document_id} id={`cited-${document.number}`} tabIndex={-1}>
                <span class="cite-number">{document.number}</span>
                <a class="link" href={routeHref('document', document.document_id)} lang={langOf(document.language)}>
                  {document.title}
                </a>
                <span class="muted small">
                  {document.source}, {format.moment(document.published_at)}
                </span>
              </li>
            ))}
          </ol>
        </>
      )}
    </>
  );
}

function Sentences({ sentences, lang }: { sentences: AskAnswer['sentences']; lang: 'en' | 'zh' }) {
  const { text } = useInterface();
  return (
    <ul class="facts-said" lang={langOf(lang)}>
      {sentences.map((sentence, index) => (
        <li key={index}>
          {sentence.text}{' '}
          {sentence.cites.map((number) => (
            <button
              type="button"
              key={number}
              class="cite"
              aria-label={text.cite(number)}
              onClick={() => {
                const source = document.getElementById(`cited-${number}`);
                source?.scrollIntoView({ block: 'nearest' });
                source?.focus();
              }}
            >
              {number}
            </button>
          ))}
        </li>
      ))}
    </ul>
  );
}

/** Documents as columns, those of the side asked about in front; a line where the time asked about begins. */
function Course({ answer: { chart, from, to, question, asked, before } }: { answer: AskAnswer }) {
  const { text, format } = useInterface();
  const side = question.side === 'positive' ? 'positive' : 'negative';
  const { buckets } = chart;
  const peak = Math.max(1, ...buckets.map(({ documents }) => documents));
  const step = WIDTH / Math.max(1, buckets.length);
  const columns = (of: (bucket: (typeof buckets)[number]) => number): string =>
    buckets
      .map((bucket, index) => {
        const height = (of(bucket) / peak) * HEIGHT;
        return height === 0
          ? ''
          : `M${(index * step).toFixed(1)} ${HEIGHT}v-${height.toFixed(1)}h${Math.max(0.8, step - 1).toFixed(1)}v${height.toFixed(1)}z`;
      })
      .join('');
  const first = buckets.findIndex(({ at }) => at >= from);
  const start = Math.max(0, first) * step;
  const share = (tally: AskAnswer['asked']): string =>
    tally.documents === 0 ? '–' : format.share(tally[side] / tally.documents);
  return (
    <figure class="course">
      <p class="course-most" aria-hidden="true">
        {text.answer_most(format.count(peak))}
      </p>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={text.answer_chart(share(before), share(asked))}
      >
        <path class="volume" d={columns(({ documents }) => documents)} />
        <path class={side} d={columns((bucket) => bucket[side])} />
        <path class="turn" d={`M${start.toFixed(1)} 0V${HEIGHT}`} />
      </svg>
      <p class="course-times" aria-hidden="true">
        <span>{format.moment(chart.from)}</span>
        <span style={{ left: `${(start / WIDTH) * 100}%` }}>{format.moment(from)}</span>
        <span>{format.moment(to)}</span>
      </p>
      <figcaption class="muted small" aria-hidden="true">
        <span>
          {text.answer_before}: {share(before)}
        </span>
        <span>
          {text.answer_asked}: {share(asked)}
        </span>
      </figcaption>
    </figure>
  );
}
