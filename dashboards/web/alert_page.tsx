/** One alert on a page of its own, at #/alert/ID: what a message links to. */
import type { ActionsAnswer, AlertRow, AlertsAnswer } from '../contract.ts';
import { AlertActions } from './alert_actions.tsx';
import type { Address } from './address.ts';
import { AlertDocuments, AlertHistory } from './alert_documents.tsx';
import { isOfSource, SourcesLink } from './alert_figures.tsx';
import { AlertLinks } from './alert_links.tsx';
import { AlertRange, alertName } from './alert_range.tsx';
import { AlertWhy } from './alert_why.tsx';
import { useFeedback } from './feedback.tsx';
import { useInterface } from './i18n.ts';
import { useRemote } from './remote.ts';
import { routeHref } from './route.ts';
import { AlertSilences } from './silences.tsx';
import { VerdictButtons } from './verdict.tsx';
import { Page, PageState } from './view.tsx';

interface AlertPageProps {
  readonly id: string;
  readonly address: Address;
  readonly version: number;
  refresh(): void;
}

export function AlertPage({ id, address, version, refresh }: AlertPageProps) {
  const { text, format, language } = useInterface();
  const { role } = useFeedback();
  const remote = useRemote<AlertRow>(`/api/alerts/${encodeURIComponent(id)}`, version);
  const actions = useRemote<ActionsAnswer>(`/api/actions?target=${encodeURIComponent(id)}`, version);
  const alert = remote.answer;
  if (alert === null) return <PageState remote={remote} absent={text.no_such_alert} retry={refresh} />;
  const done = actions.answer?.actions ?? [];
  const ofSource = isOfSource(alert);
  return (
    <Page title={alertName(alert, language)}>
      <AlertLinks {...{ alert, address, version }} />
      <section class="card view-head">
        <p class="alert-line">
          <span class={`badge ${alert.state}`}>{text[`state_${alert.state}`]}</span>
          {alert.severity === 'critical' && <span class="badge critical">{text.severity_critical}</span>}
          <span class="muted">
            {text.started}{' '}
            <time dateTime={alert.started_at} title={format.full(alert.started_at)}>
              {format.moment(alert.started_at)}
            </time>
          </span>
        </p>
        <p class="summary">{alert.summary[language]}</p>
        {ofSource ? <SourcesLink /> : <AlertRange alert={alert} />}
        <AlertSilences alert={alert} done={refresh} />
        <div class="judge">
          <div>
            <h3>{role === 'reader' ? text.verdicts : text.verdict}</h3>
            <VerdictButtons alert={alert} />
          </div>
          <div>
            <h3>{text.what_to_do}</h3>
            {role === 'reader' ? (
              <p class="muted small">{text.needs_role('analyst')}</p>
            ) : (
              <AlertActions alert={alert} done={refresh} />
            )}
          </div>
        </div>
      </section>
      {!ofSource && (
        <section class="card view-main steps-card" aria-labelledby="why-title">
          <h3 id="why-title">{text.step_by_step}</h3>
          <AlertWhy alert={alert} />
        </section>
      )}
      <div class={ofSource ? 'view-side view-head' : 'view-side'}>
        {!ofSource && (
          <section class="card" aria-labelledby="documents-title">
            <h3 id="documents-title">{text.evidence}</h3>
            <p class="muted small">
              {text.evidence_counts(alert.document_count, alert.story_count, alert.author_count)}
            </p>
            <AlertDocuments alert={alert} />
          </section>
        )}
        <section class="card" aria-labelledby="life-title">
          <h3 id="life-title">{text.history}</h3>
          <AlertHistory alert={alert} />
          {alert.resolution !== null && (
            <p class="small">
              {text.resolved_by(alert.resolution.by)} <q>{alert.resolution.note}</q>
            </p>
          )}
          {done.length > 0 && (
            <ul class="said">
              {done.map(({ id: action, at, author, request }) => (
                <li key={action}>
                  <b>{author}</b> {request.kind === 'resolve' ? text.did_resolve : text.did_acknowledge}{' '}
                  <time class="muted" dateTime={at} title={format.full(at)}>
                    {format.moment(at)}
                  </time>
                  {'note' in request && request.note !== '' && <q>{request.note}</q>}
                </li>
              ))}
            </ul>
          )}
        </section>
        <section class="card incident" aria-labelledby="incident-title">
          <h3 id="incident-title">{text.incident}</h3>
          {alert.incident === '' ? (
            <p class="muted">{text.no_incident}</p>
          ) : (
            <Incident alert={alert} version={version} />
          )}
          <p class="muted small">
            {text.judged_by(alert.detector, alert.model)} <code>{alert.alert_id}</code>
          </p>
        </section>
      </div>
    </Page>
  );
}

/** The other alerts that share stories with this one. */
function Incident({ alert, version }: { alert: AlertRow; version: number }) {
  const { text, format, language } = useInterface();
  const { answer } = useRemote<AlertsAnswer>(`/api/incidents/${encodeURIComponent(alert.incident)}`, version);
  const others = (answer?.alerts ?? []).filter(({ alert_id }) => alert_id !== alert.alert_id);
  if (answer !== null && others.length === 0) return <p class="muted">{text.alone}</p>;
  return (
    <ul class="said">
      {others.map((other) => (
        <li key={other.alert_id}>
          <span class={`badge ${other.state}`}>{text[`state_${other.state}`]}</span>{' '}
          <a class="link" href={routeHref('alert', other.alert_id)}>
            {alertName(other, language)}
          </a>{' '}
          <time class="muted" dateTime={other.started_at}>
            {format.moment(other.started_at)}
          </time>
        </li>
      ))}
    </ul>
  );
}
