/** One document, at #/document/ID: its text, its labels and their corrections, and which words carried the sentiment. */
import type { DocumentAnswer, ExplainAnswer } from '../contract.ts';
import { shortAuthor } from './author.ts';
import { CorrectionPanel, Corrections, useCorrection } from './correction.tsx';
import { eventName } from './event_name.ts';
import { ExternalLink } from './external_link.tsx';
import { langOf, useInterface } from './i18n.ts';
import { useRemote, type Remote } from './remote.ts';
import { routeHref } from './route.ts';
import { SentimentBar } from './sentiment_bar.tsx';
import { Similar } from './similar.tsx';
import { Skeleton } from './states.tsx';
import { topicName } from './topics.ts';
import { Page, PageState } from './view.tsx';
import { WeightedWords } from './weighted_words.tsx';

export function DocumentPage({ id, version, refresh }: { id: string; version: number; refresh(): void }) {
  const { text, format, language } = useInterface();
  const path = `/api/documents/${encodeURIComponent(id)}`;
  const remote = useRemote<DocumentAnswer>(path, version);
  const row = remote.answer;
  const explained = useRemote<ExplainAnswer>(row === null ? null : `${path}/explain`, 0);
  // What stands below the words comes when their height is known, so that nothing moves.
  const settled = explained.answer !== null || explained.failed;
  if (row === null) return <PageState remote={remote} absent={text.no_such_document} retry={refresh} />;
  const lang = langOf(row.language);
  return (
    <Page title={row.title ?? text.document} {...(row.title !== null && lang !== undefined && { lang })}>
      <div class="view-side">
        <article class="card view-main document">
          <p class="evidence-meta">
            <span>{row.source}</span>
            {row.author !== null && row.author !== '' && <span title={row.author}>{shortAuthor(row.author)}</span>}
            <time dateTime={row.published_at}>{format.full(row.published_at)}</time>
          </p>
          <p class="document-text" lang={lang}>
            {row.text}
          </p>
          <p class="document-links">
            {row.url !== null && (
              <span class="link">
                <ExternalLink url={row.url} lang={language}>
                  {text.original}
                </ExternalLink>
              </span>
            )}
            <a class="link" href={routeHref('story', row.story)}>
              {text.its_story}
            </a>
          </p>
        </article>
        <section class="card explanation" aria-labelledby="words-title">
          <h3 id="words-title">{text.which_words}</h3>
          <Words explained={explained} />
          {settled && (
            <p class="muted small">
              {topicName(row.topic, language)} · {text.labelled_by(row.model, format.moment(row.labelled_at))}
            </p>
          )}
        </section>
      </div>
      <div class="view-side">
        <section class="card document-labels" aria-labelledby="labels-title">
          <h3 id="labels-title">{text.labels}</h3>
          <Labels row={row} />
          <h4>{text.correct}</h4>
          <CorrectionPanel row={row} id="document-correction" />
          <Corrections row={row} />
        </section>
      </div>
      {settled && <Similar id={id} />}
    </Page>
  );
}

function Labels({ row }: { row: DocumentAnswer }) {
  const { text, format, language } = useInterface();
  const said = useCorrection(row, 'sentiment');
  const { negative, neutral, positive } = row.probabilities;
  return (
    <div class="labels">
      <SentimentBar probabilities={row.probabilities} sentiment={row.sentiment} corrected={said?.value} />
      <span class="muted small">
        {text.probabilities(format.share(negative), format.share(neutral), format.share(positive))}
      </span>
      <span>
        {topicName(row.topic, language)}
        {row.event !== null && ` · ${text.event(eventName(row.event, language))}`}
      </span>
    </div>
  );
}

function Words({ explained: { answer, failed, status } }: { explained: Remote<ExplainAnswer> }) {
  const { text } = useInterface();
  if (answer !== null) return <WeightedWords explained={answer} />;
  if (!failed) return <Skeleton lines={4} />;
  return <p class="muted">{status === 501 ? text.no_model_here : text.failed}</p>;
}
