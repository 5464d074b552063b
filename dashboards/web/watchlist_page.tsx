/**
 * The watchlist, at #/watchlist: who is watched, and one entry at #/watchlist/ID. What a changed name would find is tried on recent
 * documents before it is kept; `new` makes another entry.
 */
import { useState } from 'preact/hooks';
import type { WatchlistAnswer, WatchlistEntryAnswer } from '../contract.ts';
import { queryOf } from './address.ts';
import { useFeedback } from './feedback.tsx';
import { useInterface } from './i18n.ts';
import { useRemote } from './remote.ts';
import { routeHref } from './route.ts';
import { Empty, Failed, Skeleton } from './states.tsx';
import { Page, PageState } from './view.tsx';
import type { Entry } from './watchlist_fields.tsx';
import { EntryForm } from './watchlist_form.tsx';

const NEW = 'new';
const BLANK: Entry = { id: '', name: '', kind: 'company' };

export function WatchlistPage({ id }: { id: string }) {
  const { text } = useInterface();
  const { role } = useFeedback();
  if (role === 'reader') {
    return (
      <Page title={text.watchlist}>
        <section class="card view-head">
          <Empty>{text.needs_role('analyst')}</Empty>
        </section>
      </Page>
    );
  }
  if (id === '') return <List />;
  return id === NEW ? <NewEntry /> : <KnownEntry key={id} id={id} />;
}

function List() {
  const { text, format } = useInterface();
  const [wanted, setWanted] = useState('');
  const [tries, setTries] = useState(0);
  const { answer, failed, status } = useRemote<WatchlistAnswer>(`/api/watchlist?${queryOf({ q: wanted })}`, tries);
  const isWritable = answer?.files.some(({ writable }) => writable) === true;
  return (
    <Page title={text.watchlist}>
      <section class="card view-head tall">
        <p class="muted small">{text.watchlist_intro}</p>
        <div class="upkeep-bar">
          <input
            type="search"
            aria-label={text.watchlist_find}
            placeholder={text.watchlist_find}
            value={wanted}
            maxLength={200}
            onInput={(event) => setWanted(event.currentTarget.value)}
          />
          {isWritable && (
            <a class="solid-button" href={routeHref('watchlist', NEW)}>
              {text.watchlist_add}
            </a>
          )}
        </div>
        {answer === null && failed && status === 501 && <Empty>{text.watchlist_elsewhere}</Empty>}
        {answer === null && failed && status !== 501 && <Failed retry={() => setTries(tries + 1)} />}
        {answer === null && !failed && <Skeleton lines={8} />}
        {answer !== null && !isWritable && <p class="notice">{text.watchlist_read_only}</p>}
        {answer !== null && <p class="small">{text.watchlist_count(format.count(answer.total))}</p>}
        <ul class="watched">
          {answer?.entries.map((one) => (
            <li key={one.id}>
              <a class="link" href={routeHref('watchlist', one.id)}>
                {one.name}
                {one.name_zh !== null && <span lang="zh-CN"> {one.name_zh}</span>}
              </a>{' '}
              <span class="muted small">
                {one.id} · {text[`kind_${one.kind}` as 'kind_company'] ?? one.kind}
              </span>
            </li>
          ))}
        </ul>
      </section>
    </Page>
  );
}

function NewEntry() {
  const { text } = useInterface();
  return (
    <Page title={text.watchlist_add}>
      <EntryForm first={BLANK} version={null} writable />
    </Page>
  );
}

function KnownEntry({ id }: { id: string }) {
  const { text, language } = useInterface();
  const [version, setVersion] = useState(0);
  const known = useRemote<WatchlistEntryAnswer>(`/api/watchlist/${encodeURIComponent(id)}`, version);
  const again = (): void => setVersion(version + 1);
  if (known.answer === null) return <PageState remote={known} absent={text.watchlist_absent} retry={again} />;
  const { entry, version: read, writable, file } = known.answer;
  return (
    <Page title={language === 'zh' ? (entry.name_zh ?? entry.name) : entry.name}>
      {!writable && <p class="notice">{text.watchlist_file_read_only(file)}</p>}
      <EntryForm key={read} first={entry} version={read} writable={writable} kept={again} />
    </Page>
  );
}
