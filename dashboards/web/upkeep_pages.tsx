/** The pages that keep Tidewatch itself in order, and the links to them at the foot of every page. */
import { useFeedback } from './feedback.tsx';
import { useInterface } from './i18n.ts';
import type { Route } from './route.ts';
import { SettingsPage } from './settings_page.tsx';
import { SourcesPage } from './sources_page.tsx';
import { WatchlistPage } from './watchlist_page.tsx';

export function UpkeepPage({ route, version, refresh }: { route: Route | null; version: number; refresh(): void }) {
  if (route?.page === 'sources') return <SourcesPage version={version} refresh={refresh} />;
  if (route?.page === 'watchlist') return <WatchlistPage id={route.id} />;
  return route?.page === 'settings' ? <SettingsPage /> : null;
}

export function UpkeepLinks() {
  const { text } = useInterface();
  const { role } = useFeedback();
  return (
    <>
      <a class="link" href="#/sources">
        {text.sources}
      </a>
      {role !== 'reader' && (
        <a class="link" href="#/watchlist">
          {text.watchlist}
        </a>
      )}
      {(role === 'admin' || role === null) && (
        <a class="link" href="#/settings">
          {text.settings}
        </a>
      )}
    </>
  );
}
