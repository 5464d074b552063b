/** What search found: title, sentiment, where, when, and which list found it. */
import type { SearchHit } from '../contract.ts';
import { useInterface } from './i18n.ts';
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
            <span class={`sentiment ${opinion.sentiment}`}>
              <span class="sentiment-label">{text[opinion.sentiment]}</span>
            </span>
            <span>{opinion.source}</span>
            <time dateTime={opinion.published_at} title={format.full(opinion.published_at)}>
              {format.moment(opinion.published_at)}
            </time>
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

export function langOf(language: 'en' | 'zh' | 'other'): string | undefined {
  return language === 'zh' ? 'zh-CN' : language === 'en' ? 'en' : undefined;
}
