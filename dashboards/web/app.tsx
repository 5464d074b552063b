/** The page: reads the address, shows the page that it names, refreshes it when the live connection says so. */
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { StatusAnswer } from '../contract.ts';
import { changed, readAddress, writeAddress, type Address } from './address.ts';
import { AlertPage } from './alert_page.tsx';
import { useBehind } from './behind.ts';
import { tellCameBack } from './came_back.ts';
import { ComparePage } from './compare_page.tsx';
import { DocumentPage } from './document_page.tsx';
import { FindPage } from './find_page.tsx';
import { FirstTour } from './first_tour.tsx';
import { ForYouPage } from './for_you_page.tsx';
import { FeedbackDesk, useFeedback } from './feedback.tsx';
import { InterfaceContext, interfaceOf, useInterface, type InterfaceLanguage } from './i18n.ts';
import { Keys } from './keys.tsx';
import { useLive, type Connection } from './live.ts';
import { LabelLink, LabelPage } from './label_queue.tsx';
import { ModelsPage } from './models_page.tsx';
import { Overview, useOverview } from './overview.tsx';
import { useRefresh } from './refresh.ts';
import { useRemote } from './remote.ts';
import { readRoute, useRoute } from './route.ts';
import { SeriesPage } from './series_page.tsx';
import { SignOut } from './sign_out.tsx';
import { StoryPage } from './story_page.tsx';
import { applyTheme, onSystemTheme, readTheme, type Theme } from './theme.ts';
import { TopBar } from './top_bar.tsx';
import { UpkeepLinks, UpkeepPage } from './upkeep_pages.tsx';

export function App() {
  const [address, setAddress] = useState(() => readAddress(location.search));
  /** What is changed is the address as it is, not as it was when whoever changes it was drawn: typing settles later. */
  const current = useRef(address);
  const show = (next: Address): void => {
    current.current = next;
    setAddress(next);
  };
  useLayoutEffect(() => {
    const back = (): void => show(readAddress(location.search));
    addEventListener('popstate', back);
    return () => removeEventListener('popstate', back);
  }, []);
  const change = (what: Partial<Address>): void => {
    const next = changed(current.current, what);
    // The page that is open stays open: its language may be what changed.
    const hash = readRoute(location.hash) === null ? '' : location.hash;
    const url = `${location.pathname}${writeAddress(next)}${hash}`;
    // A word typed letter by letter is one step back, not one a letter.
    if ('q' in what && Object.keys(what).length === 1) history.replaceState(null, '', url);
    else history.pushState(null, '', url);
    show(next);
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
  const { text } = useInterface();
  const [theme, setTheme] = useState<Theme>(readTheme);
  const [themeVersion, setThemeVersion] = useState(0);
  const [paused, setPaused] = useState(false);
  useEffect(() => applyTheme(theme), [theme]);
  useEffect(() => onSystemTheme(() => setThemeVersion((before) => before + 1)), []);

  const route = useRoute();
  const { version, soon, now: refreshNow } = useRefresh(paused);
  const overview = useOverview(address, version, route === null);
  // What is read first comes first: totals and live events cost the store as much as the view, and change nothing in it.
  const seen = useRef(false);
  seen.current ||= route !== null || overview.settled;
  const status = useRemote<StatusAnswer>(seen.current ? '/api/status' : null, version);
  const everything = (): void => {
    refreshNow();
    overview.opinions.catchUp(() => overview.held.current);
  };
  const connection = useLive(seen.current, {
    opinions(event) {
      if (paused) return;
      overview.arrive(event);
      soon();
    },
    alerts: () => !paused && refreshNow(),
    sources: (event) => !paused && overview.setHealth(event),
    // Paused, nothing that is shown moves: all of this is asked for when it is resumed.
    reset: () => !paused && everything(),
    opened(again) {
      tellCameBack();
      if (paused) return;
      if (again) everything();
      else soon();
    },
  });
  const behind = useBehind();
  const drawn = `${theme}${themeVersion}`;
  const shared = { version, refresh: refreshNow };

  return (
    <FeedbackDesk>
      <SkipLink />
      <TopBar
        {...{ address, connection, paused, theme, setTheme, change }}
        behind={behind !== null}
        setPaused={(next) => {
          setPaused(next);
          if (!next) everything();
        }}
      />
      <DeskKeys />
      <OldBanner {...{ connection, behind }} />
      {route?.page === 'alert' && <AlertPage key={route.id} id={route.id} address={address} {...shared} />}
      {route?.page === 'story' && <StoryPage key={route.id} id={route.id} {...shared} />}
      {route?.page === 'document' && <DocumentPage key={route.id} id={route.id} {...shared} />}
      {(route?.page === 'entity' || route?.page === 'topic') && (
        <SeriesPage
          key={`${route.page} ${route.id}`}
          kind={route.page}
          id={route.id}
          {...{ address, change }}
          themeVersion={drawn}
          {...shared}
        />
      )}
      {route?.page === 'compare' && (
        <ComparePage named={route.id} {...{ address, change }} themeVersion={drawn} {...shared} />
      )}
      {route?.page === 'find' && <FindPage words={route.id} {...{ address, change }} />}
      {route?.page === 'for-you' && <ForYouPage />}
      {route?.page === 'label' && <LabelPage />}
      {route?.page === 'models' && <ModelsPage {...shared} />}
      <UpkeepPage route={route} {...shared} />
      {route === null && <FirstTour />}
      {route === null && (
        <Overview
          state={overview}
          status={status.answer}
          {...{ address, change, version }}
          themeVersion={drawn}
          retry={refreshNow}
        />
      )}
      <footer class="page-foot">
        {status.answer !== null && `${text.footer(status.answer.version, status.answer.model)} · `}
        {text.times_local}
        <nav class="foot-links" aria-label={text.learning}>
          <LabelLink />
          <a class="link" href="#/models">
            {text.models_title}
          </a>
          <UpkeepLinks />
          <SignOut />
        </nav>
      </footer>
    </FeedbackDesk>
  );
}

/** It leads by hand: the hash says which page is open, and #content would be the overview. */
function SkipLink() {
  const { text } = useInterface();
  const skip = (event: Event): void => {
    const content = document.getElementById('content');
    if (content === null) return;
    event.preventDefault();
    content.focus({ preventScroll: true });
    content.scrollIntoView();
  };
  return (
    <a class="skip" href="#content" onClick={skip}>
      {text.skip}
    </a>
  );
}

function DeskKeys() {
  const { undoLast } = useFeedback();
  return <Keys undoLast={undoLast} />;
}

/** That what is shown is old, and of when. */
function OldBanner({ connection, behind }: { connection: Connection; behind: number | null }) {
  const { text, format } = useInterface();
  const says =
    connection === 'lost'
      ? text.offline_banner
      : behind === null
        ? null
        : text.behind_banner(format.recent(new Date(behind).toISOString(), Date.now()));
  return (
    <div role="alert" class="banner-place">
      {says !== null && <p class="banner">{says}</p>}
    </div>
  );
}
