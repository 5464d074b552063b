/**
 * The name of a labelled feed: a hash of everything that made it, so that no backtest reads labels of another feed, watchlist,
 * model or setting. What only decides how fast they are made (threads, batches, memory) is no part of it.
 */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { join } from 'node:path';
import { stableId } from '../../core/event.ts';
import type { Settings } from '../config.ts';
import { currentFolder, libraryOf } from '../models.ts';

/** What labels of a feed are made of, beside the settings. */
export interface LabelSource {
  readonly feed: string;
  readonly sourceClass: 'news' | 'social';
  /** Zone of times that name none; null: UTC. */
  readonly timeZone: string | null;
  /** name@version of the model that labels. */
  readonly model: string;
}

/** @throws TidewatchError model.missing, model.checksum */
export async function labelKey(
  settings: Settings,
  { feed, sourceClass, timeZone, model }: LabelSource,
): Promise<string> {
  const [made, lists, weights] = await labelledBy(settings, sourceClass);
  return stableId(
    // The number grows where labels of before are not to be trusted: up to 3 a feed that broke off passed for a whole one.
    'labelled feed 4',
    await digestOf(feed),
    made,
    lists,
    model,
    weights,
    // Labels of before there was a choice keep their names.
    ...(timeZone === null ? [] : [timeZone]),
  );
}

/** The settings that decide which documents there are and how they are labelled; the watchlists; the model's weights. */
export async function labelledBy(
  settings: Settings,
  sourceClass: 'news' | 'social',
): Promise<[string, string, string]> {
  const { ingest, classifier } = settings;
  // What decides which documents there are and what they hold; how sources are watched changes nothing of it.
  const { watchlists, dedupe_hours, max_text_chars, authors, author_salt } = ingest;
  const { entity_sentiment, abstain_below } = classifier;
  const { type, provider, early_exit } = classifier.backend;
  const made = [sourceClass, dedupe_hours, max_text_chars, authors, author_salt ?? null];
  const labelled = [entity_sentiment, abstain_below, type, provider ?? null, early_exit ?? null];
  const lists = await Promise.all(watchlists.map(digestOf));
  return [JSON.stringify([...made, ...labelled]), lists.join(), await weightsOf(settings)];
}

/** Tells models of one name and version apart that were trained twice; '' where the model lies on another machine. */
async function weightsOf(settings: Settings): Promise<string> {
  if (settings.classifier.backend.type === 'remote') return '';
  const sums = join(await currentFolder(settings.classifier, libraryOf(settings)), 'SHA256SUMS');
  return existsSync(sums) ? digestOf(sums) : '';
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
