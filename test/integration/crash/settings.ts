/** The settings file of one program of the pipeline, as text. Times of alerting are those of a feed that runs a day a second. */
import { stringify } from 'yaml';

export interface SettingsParts {
  readonly stream: object;
  readonly store: object;
  readonly watchlist: string;
  readonly ports: { readonly tide: number; readonly bulk: number; readonly page: number };
  readonly modelPort: number;
  readonly webhook: { readonly url: string; readonly secret: string };
}

export function settingsText({ stream, store, watchlist, ports, modelPort, webhook }: SettingsParts): string {
  return stringify({
    log: { level: process.env['CRASH_LOG'] ?? 'info', format: 'json' },
    stream,
    store,
    ingest: {
      watchlists: [watchlist],
      sources: [
        { type: 'http', name: 'tide', port: ports.tide },
        { type: 'http', name: 'bulk', port: ports.bulk },
      ],
    },
    classifier: {
      backend: { type: 'remote', url: `http://127.0.0.1:${modelPort}`, cache_entries: 0, timeout_ms: 3000 },
      max_batch_documents: 64,
    },
    alerting: {
      series: ['entity'],
      // One number, so that each piece of bad news is one alert whatever came before, and a few documents less are none.
      detectors: [{ type: 'threshold', name: 'threshold', min_negative: 14 }],
      window_hours: 4,
      history_days: 14,
      min_history_hours: 48,
      allowed_lateness_mins: 1440,
      // Both feeds hold event time, however long one of them is silent in this test.
      idle_secs: 36_000,
      checkpoint_secs: 0.2,
      group_wait_secs: 0,
      group_interval_secs: 1,
      repeat_interval_hours: 720,
      notifiers: [{ type: 'webhook', name: 'hook', ...webhook, chart: false, timeout_ms: 3000 }],
    },
    dashboards: { port: ports.page },
  });
}
