/**
 * The models of this installation, at #/models: the one that labels with its card, calibration and drift; those that people taught
 * with what comparisons say; where a candidate in shadow differs; who changed what.
 */
import type { DifferencesAnswer, ModelsAnswer } from '../contract.ts';
import { useInterface } from './i18n.ts';
import { ModelRow } from './model_row.tsx';
import { useRemote, type Remote } from './remote.ts';
import { routeHref } from './route.ts';
import { ServedModel } from './served_model.tsx';
import { Empty, Failed, Skeleton } from './states.tsx';
import { Page, PageState } from './view.tsx';

export function ModelsPage({ version, refresh }: { version: number; refresh(): void }) {
  const { text } = useInterface();
  const models = useRemote<ModelsAnswer>('/api/learning/models', version);
  // Without a candidate in shadow there is nothing to ask for, and a browser complains of each 404.
  const isShadowed = models.answer?.models.some(({ role }) => role === 'shadow') === true;
  const differences = useRemote<DifferencesAnswer>(isShadowed ? '/api/learning/differences' : null, version);
  if (models.answer === null) return <PageState remote={models} absent={text.failed} retry={refresh} />;
  const { models: all, log } = models.answer;
  return (
    <Page title={text.models_title}>
      <ServedModel version={version} retry={refresh} />
      <section class="card view-head" aria-labelledby="models-list">
        <h3 id="models-list">{text.models_list}</h3>
        {all.map((model) => (
          <ModelRow key={model.model} model={model} />
        ))}
        {all.every(({ origin }) => origin === 'shipped') && <Empty>{text.models_none}</Empty>}
      </section>
      <section class="card view-head" aria-labelledby="models-differ">
        <h3 id="models-differ">{text.models_differ}</h3>
        {isShadowed ? <Shadow differences={differences} retry={refresh} /> : <Empty>{text.models_no_shadow}</Empty>}
      </section>
      <Log log={log} />
    </Page>
  );
}

function Shadow({ differences, retry }: { differences: Remote<DifferencesAnswer>; retry(): void }) {
  const { text } = useInterface();
  const { answer, failed, status } = differences;
  // 404: it has read nothing yet. Anything else is a failure, and no news of a shadow.
  if (failed && status === 404) return <Empty>{text.models_no_shadow}</Empty>;
  if (answer !== null) return <Differences found={answer} />;
  return failed ? <Failed retry={retry} /> : <Skeleton lines={3} />;
}

function Log({ log }: Pick<ModelsAnswer, 'log'>) {
  const { text, format } = useInterface();
  return (
    <section class="card view-head" aria-labelledby="models-log">
      <h3 id="models-log">{text.models_log}</h3>
      {log.length === 0 && <Empty>{text.models_no_log}</Empty>}
      <ul class="held">
        {log.map((entry) => (
          <li key={`${entry.at}${entry.action}`}>
            <time dateTime={entry.at}>{format.full(entry.at)}</time>{' '}
            {text[`model_did_${entry.action}`](entry.author, entry.model ?? text.models_shipped)}{' '}
            <span class="muted">{entry.reason}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Differences({ found }: { found: DifferencesAnswer }) {
  const { text, format } = useInterface();
  const label = (value: string): string =>
    value === 'negative' || value === 'neutral' || value === 'positive' ? text[value] : value;
  return (
    <>
      <p>
        {text.models_differ_on(
          found.model,
          format.count(found.documents),
          format.share(found.sentiment / Math.max(1, found.documents)),
          format.share(found.topic / Math.max(1, found.documents)),
        )}
      </p>
      <p class="muted small">
        {text.models_negative(found.negative_before.toFixed(1), found.negative_after.toFixed(1))}
      </p>
      <p class="small">
        {found.moves
          .map(({ from, to, documents }) => `${label(from)} → ${label(to)}: ${format.count(documents)}`)
          .join(' · ')}
      </p>
      <ul class="held">
        {found.examples.map((one) => (
          <li key={one.document_id}>
            <a
              class="link"
              href={routeHref('document', one.document_id)}
              lang={one.language === 'zh' ? 'zh-CN' : undefined}
            >
              {one.title}
            </a>
            <p class="small muted">
              {label(one.current)} → {label(one.candidate)} ({format.share(one.probability)})
            </p>
          </li>
        ))}
      </ul>
    </>
  );
}
