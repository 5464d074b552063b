/** What search found: title, sentiment, where, when, and which list found it. */
import type { SearchHit } from '../contract.ts';
import { langOf, useInterface } from './i18n.ts';
import { OpinionFacts } from './opinion_facts.tsx';
import { routeHref } from './route.ts';

export function HitList({ hits }: { hits: readonly SearchHit[] }) {
  const { text, format, language } = useInterface();
  return (
    <ol class="evidence hits">
      {hits.map(({ opinion, by, likeness, copies }) => (
        <li key={opinion.document_id}>
          <a
            class="evidence-title link"
            href={routeHref('document', opinion.document_id)}
            lang={langOf(opinion.language)}
          >
            {opinion.title ?? opinion.text}
          </a>
          <span class="evidence-meta">
            <OpinionFacts opinion={opinion} />
            {opinion.entities.slice(0, 3).map((entity) => (
              <span key={entity.id} class="badge">
                {entity.name[language]}
              </span>
            ))}
            {copies > 0 && <span>{text.copies(copies)}</span>}
            <span>
              {text.found_by} {by.map((name) => text[`found_${name}`]).join(' + ')}
              {likeness !== null && ` · ${text.likeness(format.share(Math.max(0, likeness)))}`}
            </span>
          </span>
        </li>
      ))}
    </ol>
  );
}
