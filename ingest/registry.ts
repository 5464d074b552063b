/** Every source there is. A new one is a file in sources/, a line here, and a test that runs the source contract. */
import type { Component } from '../core/component.ts';
import type { z } from 'zod';
import type { Source } from './source.ts';
import { blueskySource } from './sources/bluesky.ts';
import { edgarSource } from './sources/edgar.ts';
import { fileSource } from './sources/file.ts';
import { gdeltSource } from './sources/gdelt.ts';
import { hackernewsSource } from './sources/hackernews.ts';
import { httpSource } from './sources/http.ts';
import { mastodonSource } from './sources/mastodon.ts';
import { redditSource } from './sources/reddit.ts';
import { rssSource } from './sources/rss.ts';
import { tushareSource } from './sources/tushare.ts';

export const sources: readonly Component<z.ZodObject, Source>[] = [
  rssSource,
  fileSource,
  httpSource,
  blueskySource,
  mastodonSource,
  redditSource,
  edgarSource,
  gdeltSource,
  hackernewsSource,
  tushareSource,
] as unknown as readonly Component<z.ZodObject, Source>[];
