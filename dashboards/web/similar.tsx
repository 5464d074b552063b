/** "More like this" on the page of a document. */
import type { SearchAnswer } from '../contract.ts';
import { HitList } from './hit_list.tsx';
import { useInterface } from './i18n.ts';
import { useRemote } from './remote.ts';
import { Empty, Failed, Skeleton } from './states.tsx';
import { useState } from 'preact/hooks';

const LAST_SECS = 90 * 86_400;

export function Similar({ id }: { id: string }) {
  const { text } = useInterface();
  const [tries, setTries] = useState(0);
  const path = `/api/documents/${encodeURIComponent(id)}/similar?limit=8&last_secs=${LAST_SECS}`;
  const { answer, failed } = useRemote<SearchAnswer>(path, tries);
  return (
    <section class="card view-head similar" aria-labelledby="similar-title">
      <h3 id="similar-title">{text.similar}</h3>
      {answer === null && !failed && <Skeleton lines={5} />}
      {answer === null && failed && <Failed retry={() => setTries(tries + 1)} />}
      {answer !== null && answer.hits.length === 0 && (
        <Empty>{answer.meaning === 'unavailable' ? text.meaning_unavailable : text.no_similar}</Empty>
      )}
      {answer !== null && <HitList hits={answer.hits} />}
    </section>
  );
}
