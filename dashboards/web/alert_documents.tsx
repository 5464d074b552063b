/** The documents that drove an alert, and each change of its life. Both in the list of alerts and on the alert's own page. */
import type { AlertRow } from '../contract.ts';
import { isOfSource, useFigures } from './alert_figures.tsx';
import { ExternalLink } from './external_link.tsx';
import { useInterface } from './i18n.ts';
import { routeHref } from './route.ts';

export function AlertDocuments({ alert }: { alert: AlertRow }) {
  const { text, format } = useInterface();
  return (
    <ol class="evidence">
      {alert.documents.map((document) => (
        <li key={document.id}>
          <span class="evidence-title">
            <ExternalLink url={document.url} lang={document.language}>
              {document.title}
            </ExternalLink>
          </span>
          <span class="evidence-meta">
            <span class="probability">
              <span class="share-bar" aria-hidden="true">
                <i style={{ width: `${document.negative * 100}%` }} />
              </span>
              {text.negative_probability(format.share(document.negative))}
            </span>
            <span>{document.source}</span>
            <time dateTime={document.published_at} title={format.full(document.published_at)}>
              {format.moment(document.published_at)}
            </time>
            <a class="more" href={routeHref('document', document.id)} aria-label={text.why_label(document.title)}>
              {text.why}
            </a>
            {document.copies > 0 && (
              <a class="more copies" href={routeHref('story', document.story)}>
                {text.copies(document.copies)}
              </a>
            )}
          </span>
        </li>
      ))}
    </ol>
  );
}

export function AlertHistory({ alert }: { alert: AlertRow }) {
  const { text, format } = useInterface();
  const { figure, counted } = useFigures(alert);
  return (
    <ol class="history">
      {alert.history.map((change) => (
        <li key={change.revision} class={change.state}>
          <span>{text[`state_${change.state}`]}</span>
          <time dateTime={change.at} title={format.full(change.at)}>
            {format.moment(change.at)}
          </time>
          {!isOfSource(alert) && (
            <span class="muted">{text.observed_against(counted(change.observed), figure(change.expected))}</span>
          )}
        </li>
      ))}
    </ol>
  );
}
