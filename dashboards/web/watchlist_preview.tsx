/** What a changed entry would find among recent documents: counts, examples with the words that name it, and what stays doubtful. */
import type { WatchlistPreviewAnswer } from '../contract.ts';
import { langOf, useInterface } from './i18n.ts';
import { routeHref } from './route.ts';

type Example = WatchlistPreviewAnswer['gained'][number];

export function EntryPreview({ preview }: { preview: WatchlistPreviewAnswer | null }) {
  const { text, format } = useInterface();
  return (
    <section class="card view-head preview" aria-labelledby="preview-title" aria-live="polite">
      <h3 id="preview-title">{text.preview}</h3>
      {preview === null ? (
        <p class="muted small">{text.preview_hint}</p>
      ) : (
        <>
          <p>
            {text.preview_counts(
              format.count(preview.documents),
              format.count(preview.before),
              format.count(preview.after),
            )}
          </p>
          <Examples title={text.preview_gained} examples={preview.gained} />
          <Examples title={text.preview_lost} examples={preview.lost} />
          <Examples
            title={text.preview_doubtful(format.count(preview.doubtful.documents))}
            examples={preview.doubtful.examples}
          />
          <Examples title={text.preview_kept} examples={preview.kept} />
        </>
      )}
    </section>
  );
}

function Examples({ title, examples }: { title: string; examples: readonly Example[] }) {
  const { format } = useInterface();
  if (examples.length === 0) return null;
  return (
    <>
      <h4>{title}</h4>
      <ul class="evidence">
        {examples.map((one) => (
          <li key={one.document_id}>
            <a class="evidence-title link" href={routeHref('document', one.document_id)} lang={langOf(one.language)}>
              {one.title}
            </a>
            <span class="evidence-meta">
              <mark lang={langOf(one.language)}>{one.surface}</mark>
              <time dateTime={one.published_at}>{format.moment(one.published_at)}</time>
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}
