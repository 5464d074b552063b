/** An alert opened in the list: the summary, the verdict, the documents that drove it, its life. The rest is on its page. */
import type { AlertRow } from '../contract.ts';
import { AlertDocuments, AlertHistory } from './alert_documents.tsx';
import { isOfSource, SourcesLink } from './alert_figures.tsx';
import { useInterface } from './i18n.ts';
import { routeHref } from './route.ts';
import { VerdictButtons } from './verdict.tsx';

export function AlertEvidence({ alert, focusSeries }: { alert: AlertRow; focusSeries(): void }) {
  const { text, language } = useInterface();
  const ofSource = isOfSource(alert);
  return (
    <>
      {!ofSource && <p class="summary">{alert.summary[language]}</p>}
      <VerdictButtons alert={alert} />
      <p class="alert-links">
        <a class="line-button" href={routeHref('alert', alert.alert_id)}>
          {text.open_alert}
        </a>
        {ofSource ? (
          <SourcesLink />
        ) : (
          <button type="button" class="text-button" onClick={focusSeries}>
            {text.focus_series}
          </button>
        )}
      </p>
      {!ofSource && (
        <>
          <h3>{text.evidence}</h3>
          <p class="muted small">{text.evidence_counts(alert.document_count, alert.story_count, alert.author_count)}</p>
          <AlertDocuments alert={alert} />
        </>
      )}
      <h3>{text.history}</h3>
      <AlertHistory alert={alert} />
      <footer class="alert-foot">
        <span class="muted small">{[alert.detector, alert.model].filter((by) => by !== '').join(' · ')}</span>
      </footer>
    </>
  );
}
