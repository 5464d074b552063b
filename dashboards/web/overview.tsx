/**
 * The overview: the tide, alerts, sources, tables of series, the latest opinions. What it shows is kept while another page is
 * open, so that coming back is instant and where it was left; it asks the server only while it is shown.
 */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type {
  AlertRow,
  AlertsPage,
  LiveEvents,
  SeriesAnswer,
  SilencesAnswer,
  SourcesAnswer,
  StatusAnswer,
  TimelineAnswer,
} from '../contract.ts';
import type { Address } from './address.ts';
import { Alerts } from './alerts.tsx';
import { useEntityName } from './entity_names.ts';
import { overviewQuestions } from './first_questions.ts';
import { useInterface } from './i18n.ts';
import { useMoreAlerts, type ListedAlerts, type MoreAlerts } from './more_alerts.ts';
import { useOpinionList, type OpinionListControl } from './opinion_list.ts';
import { Opinions } from './opinions.tsx';
import { fetchAnswer, useRemote, type Remote } from './remote.ts';
import { routeHref } from './route.ts';
import { SeriesTable } from './series_table.tsx';
import { Sources } from './sources.tsx';
import { Tide } from './tide.tsx';
import { topicName } from './topics.ts';

const NO_ALERTS: readonly AlertRow[] = [];

export interface OverviewState {
  readonly opinions: OpinionListControl;
  readonly timeline: Remote<TimelineAnswer>;
  readonly entities: Remote<SeriesAnswer>;
  readonly topics: Remote<SeriesAnswer>;
  readonly alerts: MoreAlerts & Pick<Remote<AlertsPage>, 'failed'>;
  readonly silences: Remote<SilencesAnswer>;
  readonly sources: Remote<SourcesAnswer>;
  /** Whether each part has its answer, or has failed to. */
  readonly settled: boolean;
  /** Whether the reader's pointer or focus is in the list, so that it should hold still. */
  readonly held: { current: boolean };
  arrive(event: LiveEvents['opinions']): void;
  setHealth(health: SourcesAnswer): void;
}

export function useOverview(address: Address, version: number, shown: boolean): OverviewState {
  const questions = overviewQuestions(address);
  const ask = (path: string): string | null => (shown ? path : null);
  const held = useRef(false);
  const opinions = useOpinionList(address, shown);
  const timeline = useRemote<TimelineAnswer>(ask(questions.timeline), version);
  const entities = useRemote<SeriesAnswer>(ask(questions.entities), version);
  const topics = useRemote<SeriesAnswer>(ask(questions.topics), version);
  const alerts = useRemote<AlertsPage>(ask(questions.alerts), version);
  const silences = useRemote<SilencesAnswer>(ask(questions.silences), version);
  const more = useMoreAlerts(alerts, questions.alerts);
  const sources = useRemote<SourcesAnswer>(ask('/api/sources'), version);
  /** Sources tell of themselves by events: they change with each item, and their health costs no question to the store. */
  const [health, setHealth] = useState<SourcesAnswer | null>(null);
  useEffect(() => setHealth(sources.answer), [sources.answer]);
  return {
    opinions,
    timeline,
    entities,
    topics,
    alerts: { ...more, failed: alerts.failed },
    silences,
    sources: { ...sources, answer: health },
    settled:
      opinions.list.status !== 'loading' &&
      [timeline, entities, topics, alerts, silences].every(({ loading }) => !loading),
    held,
    arrive: (event) => opinions.arrive(event.opinions, held.current),
    setHealth,
  };
}

interface OverviewProps {
  readonly state: OverviewState;
  readonly address: Address;
  readonly status: StatusAnswer | null;
  readonly version: number;
  /** Changes when colours change, so that the canvas is drawn anew. */
  readonly themeVersion: string;
  change(change: Partial<Address>): void;
  retry(): void;
}

export function Overview({ state, address, status, version, themeVersion, change, retry }: OverviewProps) {
  const { text, language } = useInterface();
  const { entity, topic } = address;
  const { timeline, entities, topics, alerts, silences, sources, opinions } = state;
  const withOpen = useOpenAlert(alerts.listed, address.alert, version);
  const now = status === null ? Date.now() : Date.parse(status.now);
  const inView = entities.answer?.series.find((row) => row.id === entity)?.name[language];
  // Of whom nothing was said lately the view has no name, but the watchlist has.
  const quiet = useEntityName(inView === undefined && entities.answer !== null ? entity : null, language);
  const entityName = inView ?? quiet ?? entity;
  const selection = [entityName, topic === null ? null : topicName(topic, language)].filter((name) => name !== null);
  const title = selection.length === 0 ? text.tide : selection.join(' · ');
  useEffect(() => {
    document.title = selection.length === 0 ? 'Tidewatch' : `${title} · Tidewatch`;
  }, [title]);
  const closer =
    entity !== null && topic === null
      ? routeHref('entity', entity)
      : topic !== null && entity === null
        ? routeHref('topic', topic)
        : null;
  return (
    <main id="content" tabIndex={-1}>
      <Tide
        title={title}
        timeline={timeline}
        alerts={alerts.listed?.alerts ?? NO_ALERTS}
        themeVersion={themeVersion}
        clearable={selection.length > 0}
        closer={closer}
        clear={() => change({ entity: null, topic: null })}
        retry={retry}
        zoom={(from, to) => change({ from, to })}
        pick={(list_from, list_to) => {
          const isPicked = address.list_from === list_from && address.list_to === list_to;
          change(isPicked ? { list_from: null, list_to: null } : { list_from, list_to });
          if (!isPicked) document.getElementById('opinions-title')?.scrollIntoView({ block: 'center' });
        }}
        openAlert={(alert) => change({ alert })}
      />
      <div class="side">
        <Alerts
          // Both at once: silences stand above the list, and would push it down.
          listed={silences.loading ? null : withOpen}
          failed={alerts.failed}
          silences={silences.answer?.silences ?? []}
          load={alerts.loading ? null : alerts.load}
          open={address.alert}
          now={now}
          setOpen={(alert) => change({ alert })}
          focusSeries={(alert) => change({ entity: alert.series.entity, topic: alert.series.topic })}
          retry={retry}
        />
        <Sources sources={sources} now={now} retry={retry} />
      </div>
      <SeriesTable
        kind="entity"
        series={entities}
        selected={entity}
        select={(id) => change({ entity: id })}
        {...{ address, change, retry }}
      />
      <SeriesTable
        kind="topic"
        series={topics}
        selected={topic}
        select={(id) => change({ topic: id })}
        {...{ address, change, retry }}
      />
      <Opinions
        control={opinions}
        address={address}
        sources={status?.sources ?? []}
        now={now}
        change={change}
        hold={(hold) => {
          state.held.current = hold;
        }}
      />
    </main>
  );
}

/** The alerts of the view, and the opened one where a shared address names one that lies outside it. */
function useOpenAlert(listed: ListedAlerts | null, open: string | null, version: number): ListedAlerts | null {
  const [extra, setExtra] = useState<AlertRow | null>(null);
  const missing = open !== null && listed !== null && !listed.alerts.some((alert) => alert.alert_id === open);
  useEffect(() => {
    if (!missing || open === null) return undefined;
    const abort = new AbortController();
    fetchAnswer<AlertRow>(`/api/alerts/${encodeURIComponent(open)}`, abort.signal).then(setExtra, () => setExtra(null));
    return () => abort.abort();
  }, [missing, open, version]);
  return useMemo(
    () =>
      missing && extra?.alert_id === open && listed !== null
        ? { ...listed, alerts: [extra, ...listed.alerts] }
        : listed,
    [listed, missing, extra, open],
  );
}
