/** The page: reads the address, fetches the four views of it, refreshes them when the live connection says so. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { AlertRow, AlertsAnswer, SeriesAnswer, SourcesAnswer, StatusAnswer, TimelineAnswer } from '../contract.ts';
import { queryOf, readAddress, spanQuery, writeAddress, type Address } from './address.ts';
import { AlertPage } from './alert_page.tsx';
import { Alerts } from './alerts.tsx';
import { DocumentPage } from './document_page.tsx';
import { FeedbackDesk, useFeedback } from './feedback.tsx';
import { InterfaceContext, interfaceOf, useInterface, type InterfaceLanguage } from './i18n.ts';
import { Keys } from './keys.tsx';
import { useLive, type Connection } from './live.ts';
import { useOpinionList } from './opinion_list.ts';
import { Opinions } from './opinions.tsx';
import { useRefresh } from './refresh.ts';
import { fetchAnswer, useRemote } from './remote.ts';
import { readRoute, useRoute } from './route.ts';
import { SeriesTable } from './series_table.tsx';
import { Sources } from './sources.tsx';
import { StoryPage } from './story_page.tsx';
import { applyTheme, onSystemTheme, readTheme, type Theme } from './theme.ts';
import { Tide } from './tide.tsx';
import { TopBar } from './top_bar.tsx';
import { topicName } from './topics.ts';

export function App() {
  const [address, setAddress] = useState(() => readAddress(location.search));
  useEffect(() => {
    const back = (): void => setAddress(readAddress(location.search));
    addEventListener('popstate', back);
    return () => removeEventListener('popstate', back);
  }, []);
  const change = (changed: Partial<Address>): void => {
    const next = { ...address, ...changed };
    // The page that is open stays open: its language may be what changed.
    const hash = readRoute(location.hash) === null ? '' : location.hash;
    const url = `${location.pathname}${writeAddress(next)}${hash}`;
    // A word typed letter by letter is one step back, not one a letter.
    if ('q' in changed && Object.keys(changed).length === 1) history.replaceState(null, '', url);
    else history.pushState(null, '', url);
    setAddress(next);
  };
  const language = address.lang ?? browserLanguage();
  useEffect(() => {
    document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
  }, [language]);
  return (
    <InterfaceContext.Provider value={interfaceOf(language)}>
      <Desk address={address} change={change} />
    </InterfaceContext.Provider>
  );
}

function browserLanguage(): InterfaceLanguage {
  return navigator.language.toLowerCase().startsWith('zh') ? 'zh' : 'en';
}

function Desk({ address, change }: { address: Address; change(change: Partial<Address>): void }) {
  const { text, language } = useInterface();
  const [theme, setTheme] = useState<Theme>(readTheme);
  const [themeVersion, setThemeVersion] = useState(0);
  const [paused, setPaused] = useState(false);
  const held = useRef(false);
  /** Tells of itself by events: sources change with each item, and their health costs no question to the store. */
  const [health, setHealth] = useState<SourcesAnswer | null>(null);
  useEffect(() => applyTheme(theme), [theme]);
  useEffect(() => onSystemTheme(() => setThemeVersion((before) => before + 1)), []);

  const route = useRoute();
  const { version, soon, now: refreshNow } = useRefresh(paused);
  const opinions = useOpinionList(address);
  const everything = (): void => {
    refreshNow();
    opinions.reload();
  };
  const connection = useLive({
    opinions(event) {
      if (paused) return;
      opinions.arrive(event.opinions, held.current);
      soon();
    },
    alerts: () => !paused && refreshNow(),
    sources: (event) => !paused && setHealth(event),
    reset: everything,
    opened: (again) => (again ? everything() : soon()),
  });

  const { entity, topic } = address;
  const span = queryOf(spanQuery(address));
  const status = useRemote<StatusAnswer>('/api/status', version);
  const timeline = useRemote<TimelineAnswer>(`/api/timeline?${span}&${queryOf({ entity, topic })}`, version);
  const entities = useRemote<SeriesAnswer>(`/api/series?kind=entity&${span}&${queryOf({ topic })}`, version);
  const topics = useRemote<SeriesAnswer>(`/api/series?kind=topic&${span}&${queryOf({ entity })}`, version);
  const alerts = useRemote<AlertsAnswer>(`/api/alerts?${span}&${queryOf({ entity, topic })}`, version);
  const sources = useRemote<SourcesAnswer>('/api/sources', version);
  useEffect(() => setHealth(sources.answer), [sources.answer]);
  const withOpen = useOpenAlert(alerts.answer, address.alert, version);
  const now = status.answer === null ? Date.now() : Date.parse(status.answer.now);

  const entityName = entities.answer?.series.find((row) => row.id === entity)?.name[language] ?? entity;
  const selection = [entityName, topic === null ? null : topicName(topic, language)].filter((name) => name !== null);
  const title = selection.length === 0 ? text.tide : selection.join(' · ');
  useEffect(() => {
    if (route === null) document.title = selection.length === 0 ? 'Tidewatch' : `${title} · Tidewatch`;
  }, [title, route]);
  const known = useMemo(() => (entities.answer?.series ?? []).map(({ id, name }) => ({ id, name })), [entities.answer]);

  return (
    <FeedbackDesk entities={known}>
      <a class="skip" href="#content">
        {text.skip}
      </a>
      <TopBar
        {...{ address, connection, paused, theme, setTheme, change }}
        setPaused={(next) => {
          setPaused(next);
          if (!next) everything();
        }}
      />
      <DeskKeys />
      <OfflineBanner connection={connection} />
      {route?.page === 'alert' && <AlertPage key={route.id} id={route.id} version={version} refresh={refreshNow} />}
      {route?.page === 'story' && <StoryPage key={route.id} id={route.id} version={version} refresh={refreshNow} />}
      {route?.page === 'document' && (
        <DocumentPage key={route.id} id={route.id} version={version} refresh={refreshNow} />
      )}
      {route === null && (
        <main id="content" tabIndex={-1}>
          <Tide
            title={title}
            timeline={timeline}
            alerts={alerts.answer?.alerts ?? []}
            themeVersion={`${theme}${themeVersion}`}
            clearable={selection.length > 0}
            clear={() => change({ entity: null, topic: null })}
            retry={refreshNow}
            zoom={(from, to) => change({ from, to })}
            openAlert={(alert) => change({ alert })}
          />
          <div class="side">
            <Alerts
              alerts={{ ...alerts, answer: withOpen }}
              open={address.alert}
              now={now}
              setOpen={(alert) => change({ alert })}
              focusSeries={(alert) => change({ entity: alert.series.entity, topic: alert.series.topic })}
              retry={refreshNow}
            />
            <Sources sources={{ ...sources, answer: health }} now={now} retry={refreshNow} />
          </div>
          <SeriesTable
            kind="entity"
            series={entities}
            selected={entity}
            select={(id) => change({ entity: id })}
            retry={refreshNow}
          />
          <SeriesTable
            kind="topic"
            series={topics}
            selected={topic}
            select={(id) => change({ topic: id })}
            retry={refreshNow}
          />
          <Opinions
            control={opinions}
            address={address}
            sources={status.answer?.sources ?? []}
            now={now}
            change={change}
            hold={(hold) => {
              held.current = hold;
            }}
          />
        </main>
      )}
      <footer class="page-foot">
        {status.answer !== null && text.footer(status.answer.version, status.answer.model)} · {text.times_local}
      </footer>
    </FeedbackDesk>
  );
}

function DeskKeys() {
  const { undoLast } = useFeedback();
  return <Keys undoLast={undoLast} />;
}

function OfflineBanner({ connection }: { connection: Connection }) {
  const { text } = useInterface();
  return (
    <div role="alert" class="banner-place">
      {connection === 'lost' && <p class="banner">{text.offline_banner}</p>}
    </div>
  );
}

/** The alerts of the view, and the opened one where a shared address names one that lies outside it. */
function useOpenAlert(answer: AlertsAnswer | null, open: string | null, version: number): AlertsAnswer | null {
  const [extra, setExtra] = useState<AlertRow | null>(null);
  const missing = open !== null && answer !== null && !answer.alerts.some((alert) => alert.alert_id === open);
  useEffect(() => {
    if (!missing || open === null) return undefined;
    const abort = new AbortController();
    fetchAnswer<AlertRow>(`/api/alerts/${encodeURIComponent(open)}`, abort.signal).then(setExtra, () => setExtra(null));
    return () => abort.abort();
  }, [missing, open, version]);
  return useMemo(
    () => (missing && extra?.alert_id === open && answer !== null ? { alerts: [extra, ...answer.alerts] } : answer),
    [answer, missing, extra, open],
  );
}
