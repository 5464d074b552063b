/**
 * Health of the sources, at #/sources: those in trouble first, each with its state and why, when it last answered and brought
 * something, how late and how often, and what it brought last. A monitor that stopped listening looks just like good news.
 */
import { useState } from 'preact/hooks';
import type { OpinionsAnswer, SourcesAnswer } from '../contract.ts';
import { queryOf } from './address.ts';
import { durationOf } from './duration.ts';
import { langOf, useInterface } from './i18n.ts';
import { useRemote } from './remote.ts';
import { SentimentWord } from './opinion_facts.tsx';
import { routeHref } from './route.ts';
import { Empty, Failed, Skeleton } from './states.tsx';
import { Page, PageState } from './view.tsx';

type Source = SourcesAnswer['sources'][number];

const TROUBLE_FIRST: readonly Source['status'][] = ['dead', 'failing', 'quiet', 'starting', 'ok', 'finished'];
const ITEMS = 5;
const ITEMS_SECS = 90 * 86_400;

export function SourcesPage({ version, refresh }: { version: number; refresh(): void }) {
  const { text, format } = useInterface();
  const sources = useRemote<SourcesAnswer>('/api/sources', version);
  if (sources.answer === null && sources.status === 501) {
    return (
      <Page title={text.sources}>
        <section class="card view-head">
          <Empty>{text.sources_elsewhere}</Empty>
        </section>
      </Page>
    );
  }
  if (sources.answer === null) return <PageState remote={sources} absent={text.failed} retry={refresh} />;
  const rows = sources.answer.sources.toSorted(
    (a, b) => TROUBLE_FIRST.indexOf(a.status) - TROUBLE_FIRST.indexOf(b.status) || (a.name < b.name ? -1 : 1),
  );
  const working = rows.filter(({ status }) => status !== 'failing' && status !== 'dead').length;
  return (
    <Page title={text.sources}>
      <section class="card view-head" aria-label={text.sources}>
        <p class="muted small">{text.sources_intro}</p>
        {rows.length === 0 ? (
          <Empty>{text.no_sources}</Empty>
        ) : (
          <p>{text.sources_working(format.count(working), format.count(rows.length))}</p>
        )}
        <ul class="source-cards">
          {rows.map((source) => (
            <SourceCard key={source.name} source={source} version={version} />
          ))}
        </ul>
      </section>
    </Page>
  );
}

function SourceCard({ source, version }: { source: Source; version: number }) {
  const { text, format, language } = useInterface();
  const [open, setOpen] = useState(false);
  const { last_success_at, last_item_at, next_attempt_at, lag_secs, usual_per_hour } = source;
  const at = (iso: string | null, none: string) =>
    iso === null ? none : <time dateTime={iso}>{format.moment(iso)}</time>;
  return (
    <li class={`source-card source ${source.status}`}>
      <h3>
        <i class="status-dot" aria-hidden="true" />
        {source.name} <span class="muted small">{source.type}</span>{' '}
        <span class="source-status">{text[`source_${source.status}`]}</span>
      </h3>
      {source.reason !== null && (
        <p class="source-why" lang="en">
          {source.reason}
        </p>
      )}
      <dl class="source-facts">
        <Fact name={text.source_answered}>{at(last_success_at, text.source_never)}</Fact>
        <Fact name={text.source_brought}>{at(last_item_at, text.never)}</Fact>
        <Fact name={text.source_lag}>
          {lag_secs === undefined || lag_secs === null ? text.source_unknown : durationOf(lag_secs, language)}
        </Fact>
        <Fact name={text.source_usual}>
          {usual_per_hour === undefined || usual_per_hour === null
            ? text.source_learning
            : text.per_hour(format.decimal(usual_per_hour))}
        </Fact>
        <Fact name={text.source_items}>{format.count(source.items)}</Fact>
        {next_attempt_at !== null && <Fact name={text.source_next}>{at(next_attempt_at, '')}</Fact>}
      </dl>
      <details onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary class="link">{text.source_last_of(source.name)}</summary>
        {open && <LastItems source={source.name} version={version} />}
      </details>
    </li>
  );
}

function Fact({ name, children }: { name: string; children: preact.ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function LastItems({ source, version }: { source: string; version: number }) {
  const { text, format } = useInterface();
  const [tries, setTries] = useState(0);
  const query = queryOf({ source, limit: String(ITEMS), last_secs: String(ITEMS_SECS) });
  const { answer, failed } = useRemote<OpinionsAnswer>(`/api/opinions?${query}`, version + tries);
  if (answer === null) return failed ? <Failed retry={() => setTries(tries + 1)} /> : <Skeleton lines={3} />;
  if (answer.opinions.length === 0) return <Empty>{text.source_no_items}</Empty>;
  return (
    <ul class="evidence">
      {answer.opinions.map((one) => (
        <li key={one.document_id}>
          <a class="evidence-title link" href={routeHref('document', one.document_id)} lang={langOf(one.language)}>
            {one.title ?? one.text}
          </a>
          <span class="evidence-meta">
            <SentimentWord sentiment={one.sentiment} />
            <time dateTime={one.published_at}>{format.moment(one.published_at)}</time>
          </span>
        </li>
      ))}
    </ul>
  );
}
