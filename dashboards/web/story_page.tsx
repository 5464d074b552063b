/** One story, at #/story/ID: who had it first, how it spread, and each document of it. */
import type { Story } from '../../core/store/stories.ts';
import type { OpinionRow, StoryDocumentsAnswer } from '../contract.ts';
import { useInterface } from './i18n.ts';
import { useRemote } from './remote.ts';
import { OpinionFacts } from './opinion_facts.tsx';
import { routeHref } from './route.ts';
import { Empty } from './states.tsx';
import { Page, PageState } from './view.tsx';

const WIDTH = 900;
const HEIGHT = 90;

export function StoryPage({ id, version, refresh }: { id: string; version: number; refresh(): void }) {
  const { text, format } = useInterface();
  const path = `/api/stories/${encodeURIComponent(id)}`;
  const remote = useRemote<Story>(path, version);
  const list = useRemote<StoryDocumentsAnswer>(`${path}/documents`, version);
  const story = remote.answer;
  // Both at once, so that nothing moves when the second comes.
  if (story === null || (list.answer === null && !list.failed))
    return <PageState remote={remote} absent={text.no_such_story} retry={refresh} />;
  const documents = list.answer?.documents ?? [];
  return (
    <Page title={story.title}>
      <section class="card view-head">
        <dl class="facts">
          <Fact name={text.documents} value={format.count(story.size)} />
          <Fact name={text.sources} value={format.count(story.sources)} />
          <Fact name={text.authors} value={format.count(story.authors)} />
          <Fact name={text.first_source} value={story.first_source} />
          <Fact name={text.first_seen} value={format.moment(story.first_published_at)} />
          <Fact name={text.last_seen} value={format.moment(story.last_published_at)} />
          {story.coordinated >= 0.5 && <Fact name={text.coordinated} value={format.share(story.coordinated)} />}
        </dl>
      </section>
      <section class="card view-head" aria-labelledby="spread-title">
        <h3 id="spread-title">{text.spread}</h3>
        <div class="spread-place">{documents.length > 0 && <Spread documents={documents} />}</div>
      </section>
      <section class="card view-head tall" aria-labelledby="story-documents">
        <h3 id="story-documents">{text.documents_list}</h3>
        {list.answer !== null && documents.length < story.size && (
          <p class="muted small">{text.story_shown(documents.length, story.size)}</p>
        )}
        {list.failed && <Empty>{text.no_labels_yet}</Empty>}
        <ol class="evidence">
          {documents.map((row, index) => (
            <li key={row.document_id}>
              <a class="evidence-title link" href={routeHref('document', row.document_id)}>
                {row.title ?? row.text}
              </a>
              <span class="evidence-meta">
                <OpinionFacts opinion={row} />
                {index === 0 && <span class="badge">{text.first}</span>}
              </span>
            </li>
          ))}
        </ol>
      </section>
    </Page>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div class="fact">
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

/** Documents over time, counted up: a dot each, coloured by its sentiment. */
function Spread({ documents }: { documents: readonly OpinionRow[] }) {
  const { text, format } = useInterface();
  const times = documents.map((row) => Date.parse(row.published_at));
  const [from, to] = [times[0] ?? 0, times.at(-1) ?? 0];
  const x = (time: number): number => 8 + ((time - from) / Math.max(1, to - from)) * (WIDTH - 16);
  const y = (count: number): number => HEIGHT - 8 - (count / documents.length) * (HEIGHT - 16);
  const line = times.map(
    (time, index) => `${index === 0 ? 'M' : 'H'}${x(time)}${index === 0 ? ' ' : 'V'}${y(index + 1)}`,
  );
  const words = text.spread_words(documents.length, format.moment(new Date(from).toISOString()));
  return (
    <figure class="spread">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={words}>
        <path d={line.join('')} />
        {documents.map((row, index) => (
          <circle key={row.document_id} class={row.sentiment} cx={x(times[index] ?? from)} cy={y(index + 1)} r="5" />
        ))}
      </svg>
      <figcaption class="muted small" aria-hidden="true">
        <span>{format.moment(new Date(from).toISOString())}</span>
        <span>{format.moment(new Date(to).toISOString())}</span>
      </figcaption>
    </figure>
  );
}
