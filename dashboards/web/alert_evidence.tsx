/** Why an alert fired: the summary, the documents that drove it, and each change of its life. */
import type { AlertRow } from '../contract.ts';
import { ExternalLink } from './external_link.tsx';
import { useInterface } from './i18n.ts';

export function AlertEvidence({ alert, focusSeries }: { alert: AlertRow; focusSeries(): void }) {
  const { text, format, language } = useInterface();
  return (
    <>
      <p class="summary">{alert.summary[language]}</p>
      <h3>{text.evidence}</h3>
      <p class="muted small">{text.evidence_counts(alert.document_count, alert.story_count, alert.author_count)}</p>
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
              {document.copies > 0 && <span class="copies">{text.copies(document.copies)}</span>}
            </span>
          </li>
        ))}
      </ol>
      <h3>{text.history}</h3>
      <ol class="history">
        {alert.history.map((change) => (
          <li key={change.revision} class={change.state}>
            <span>{text[`state_${change.state}`]}</span>
            <time dateTime={change.at} title={format.full(change.at)}>
              {format.moment(change.at)}
            </time>
            <span class="muted">
              {text.observed_against(format.decimal(change.observed), format.decimal(change.expected))}
            </span>
          </li>
        ))}
      </ol>
      <footer class="alert-foot">
        <span class="muted small">
          {alert.detector} · {alert.model}
        </span>
        <button type="button" class="text-button" onClick={focusSeries}>
          {text.focus_series}
        </button>
      </footer>
    </>
  );
}
