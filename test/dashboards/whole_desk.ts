/** A desk on which every page has something to show: sources, a watchlist, a settings file, models, and what search finds. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readSettings } from '../../app/config.ts';
import { learningOf } from '../../app/models.ts';
import { createSettingsDesk } from '../../app/settings_desk.ts';
import { createWatchlistDesk } from '../../app/watchlist_desk.ts';
import { classifierSettings } from '../../classifier/settings.ts';
import { systemClock } from '../../core/clock.ts';
import { isoTime } from '../../core/event.ts';
import type { SourceHealth } from '../../core/health.ts';
import { searchRow } from '../../core/search/row.ts';
import { startDesk, type Desk } from './desk.ts';
import { MODEL } from './sample.ts';

const source = (name: string, status: SourceHealth['status'], reason: string | null): SourceHealth => ({
  name,
  type: 'rss',
  status,
  reason,
  last_success_at: isoTime(Date.now() - 40_000),
  last_item_at: isoTime(Date.now() - 130_000),
  items: 710,
  next_attempt_at: null,
});

export async function startWholeDesk(): Promise<Desk> {
  const health = [source('wire', 'ok', null), source('central-bank', 'failing', 'It answers 503; it is asked again.')];
  const desk = await startDesk({
    dependencies({ store, folder }) {
      const [settingsPath, watchlistPath] = [join(folder, 'tidewatch.yaml'), join(folder, 'companies.yaml')];
      writeFileSync(settingsPath, 'ingest:\n  watchlists: [companies.yaml]\n');
      writeFileSync(watchlistPath, 'entities:\n  - { id: norvale_bank, name: Norvale Bank, kind: company }\n');
      return {
        sources: () => health,
        watchlist: createWatchlistDesk({ paths: [watchlistPath], watch: () => undefined }),
        settingsFile: createSettingsDesk({ path: settingsPath, running: readSettings(settingsPath) }),
        learning: learningOf(
          { data_dir: folder, classifier: classifierSettings.parse({}) },
          { store, clock: systemClock, reference: () => null },
        ),
      };
    },
  });
  const found = desk.opinions.map(({ document, labelled_at }) => searchRow(document, labelled_at, MODEL, null));
  await desk.store.insert('search', found, 'search');
  return desk;
}

export interface OpenPage {
  readonly name: string;
  readonly hash: string;
  /** What it shows once it has its answer. */
  readonly shown: string;
}

/** Every page beside the overview. */
export function pagesOf(desk: Desk): readonly OpenPage[] {
  const copied = desk.opinions.find(({ document }) => document.novelty < 50)?.document;
  return [
    { name: 'a company', hash: '#/entity/norvale_bank', shown: '.series-stories li' },
    { name: 'a topic', hash: '#/topic/Earnings', shown: '.series-stories li' },
    { name: 'an alert', hash: `#/alert/${desk.alerts[0]?.alert_id ?? ''}`, shown: '.steps li' },
    { name: 'a story', hash: `#/story/${copied?.story ?? ''}`, shown: '.spread circle' },
    { name: 'a document', hash: `#/document/${copied?.id ?? ''}`, shown: '.document-text' },
    { name: 'comparing', hash: '#/compare?entities=norvale_bank,halcyon_motors', shown: '.multiples li' },
    { name: 'search', hash: '#/find/Halcyon', shown: '.hits li' },
    { name: 'for you', hash: '#/for-you', shown: '.for-you li' },
    { name: 'labelling', hash: '#/label', shown: '.label-document' },
    { name: 'the models', hash: '#/models', shown: '.calibration' },
    { name: 'the sources', hash: '#/sources', shown: '.source-card' },
    { name: 'the watchlist', hash: '#/watchlist', shown: '.watched li' },
    { name: 'an entry of the watchlist', hash: '#/watchlist/norvale_bank', shown: '.upkeep-form' },
    { name: 'the settings', hash: '#/settings', shown: '.settings-text' },
  ];
}
