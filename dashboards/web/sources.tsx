/** Health of the sources: a monitor that stopped listening looks just like good news, so it says so. */
import type { SourceHealth } from '../../core/health.ts';
import type { SourcesAnswer } from '../contract.ts';
import { useInterface } from './i18n.ts';
import type { Remote } from './remote.ts';
import { Empty, Failed, Skeleton } from './states.tsx';

export function Sources({ sources, now, retry }: { sources: Remote<SourcesAnswer>; now: number; retry(): void }) {
  const { text, format } = useInterface();
  const rows = sources.answer?.sources ?? [];
  const isElsewhere = sources.status === 501;
  const working = rows.filter((source) => source.status !== 'failing' && source.status !== 'dead').length;
  return (
    <section class="card sources" aria-labelledby="sources-title">
      <header class="card-head">
        <h2 id="sources-title">{text.sources}</h2>
        {rows.length > 0 && (
          <a class="hint link" href="#/sources" title={text.sources_page}>
            {text.sources_working(format.count(working), format.count(rows.length))}
          </a>
        )}
      </header>
      {sources.answer === null && isElsewhere && <Empty>{text.sources_elsewhere}</Empty>}
      {sources.answer === null && sources.failed && !isElsewhere && <Failed retry={retry} />}
      {sources.answer === null && !sources.failed && <Skeleton lines={3} />}
      {sources.answer !== null && rows.length === 0 && <Empty>{text.no_sources}</Empty>}
      <ul class="source-list">
        {rows.map((source) => (
          <Source key={source.name} source={source} now={now} />
        ))}
      </ul>
    </section>
  );
}

function Source({ source, now }: { source: SourceHealth; now: number }) {
  const { text, format } = useInterface();
  return (
    <li class={`source ${source.status}`}>
      <span class="source-name">
        <i class="status-dot" aria-hidden="true" />
        {source.name} <span class="muted small">{source.type}</span>
      </span>
      <span class="source-status">{text[`source_${source.status}`]}</span>
      <span class="source-meta muted small">
        {text.items(format.count(source.items))}
        {' · '}
        {source.last_item_at === null ? (
          text.never
        ) : (
          <time dateTime={source.last_item_at} title={format.full(source.last_item_at)}>
            {format.recent(source.last_item_at, now)}
          </time>
        )}
      </span>
      {source.reason !== null && (
        <span class="source-reason" title={source.reason}>
          {source.reason}
          {source.next_attempt_at !== null && ` · ${text.next_attempt(format.recent(source.next_attempt_at, now))}`}
        </span>
      )}
    </li>
  );
}
