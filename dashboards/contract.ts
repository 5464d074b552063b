/**
 * What the page and the API say to each other, as types only, so that the page's bundle carries nothing of the server.
 * Derived from the forms in answers/, which the OpenAPI document is made of too.
 */
import type { z } from 'zod';
import type * as alert from './answers/alert.ts';
import type * as ask from './answers/ask.ts';
import type * as audit from './answers/audit.ts';
import type * as feedback from './answers/feedback.ts';
import type * as learning from './answers/learning.ts';
import type * as forYou from './answers/for_you.ts';
import type * as opinion from './answers/opinion.ts';
import type * as profile from './answers/profile.ts';
import type * as search from './answers/search.ts';
import type * as series from './answers/series.ts';
import type * as settingsFile from './answers/settings_file.ts';
import type * as status from './answers/status.ts';
import type * as watchlist from './answers/watchlist.ts';

/** An answer as its readers have it: nobody changes what was answered. */
export type DeepReadonly<Value> = Value extends readonly (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : Value extends object
    ? { readonly [Key in keyof Value]: DeepReadonly<Value[Key]> }
    : Value;

/** The answer that a form describes. */
export type Answer<Form extends z.ZodType> = DeepReadonly<z.output<Form>>;

export type Names = Answer<typeof series.names>;
export type Counts = Answer<typeof series.counts>;
export type Span = Answer<typeof series.span>;
export type SeriesRow = Answer<typeof series.seriesRow>;
export type SeriesAnswer = Answer<typeof series.seriesAnswer>;
export type TimelineBucket = Answer<typeof series.timelineBucket>;
export type TimelineAnswer = Answer<typeof series.timelineAnswer>;

export type ProfileAnswer = Answer<typeof profile.profileAnswer>;
export type ToldStory = Answer<typeof profile.toldStory>;
export type WordsAnswer = Answer<typeof profile.wordsAnswer>;
export type PricesAnswer = Answer<typeof profile.pricesAnswer>;
export type EntitiesAnswer = Answer<typeof profile.entitiesAnswer>;

export type OpinionRow = Answer<typeof opinion.opinionRow>;
export type OpinionsAnswer = Answer<typeof opinion.opinionsAnswer>;
export type DocumentsAnswer = Answer<typeof opinion.documentsAnswer>;
export type DocumentAnswer = Answer<typeof opinion.documentAnswer>;
export type ExplainAnswer = Answer<typeof opinion.explainAnswer>;
export type WordWeight = ExplainAnswer['words'][number];
export type StoryDocumentsAnswer = Answer<typeof opinion.storyDocumentsAnswer>;

export type SearchHit = Answer<typeof search.searchHit>;
export type SearchAnswer = Answer<typeof search.searchAnswer>;

export type AskAnswer = Answer<typeof ask.askAnswer>;

export type ForYouAnswer = Answer<typeof forYou.forYouAnswer>;
export type ForYouStory = Answer<typeof forYou.forYouStory>;

export type FeedbackAnswer = Answer<typeof feedback.feedbackAnswer>;
export type TrainingAnswer = Answer<typeof feedback.trainingAnswer>;

export type QueueAnswer = Answer<typeof learning.queueAnswer>;
export type HeldAnswer = Answer<typeof learning.heldAnswer>;
export type LessonsAnswer = Answer<typeof learning.lessonsAnswer>;
export type ModelsAnswer = Answer<typeof learning.modelsAnswer>;
export type ServedAnswer = Answer<typeof learning.servedAnswer>;
export type DifferencesAnswer = Answer<typeof learning.differencesAnswer>;

export type AlertRow = Answer<typeof alert.alertRow>;
export type AlertsAnswer = Answer<typeof alert.alertsAnswer>;
export type AlertsPage = Answer<typeof alert.alertsPage>;
export type SilencesAnswer = Answer<typeof alert.silencesAnswer>;
export type ActionsAnswer = Answer<typeof alert.actionsAnswer>;
export type ActionWritten = Answer<typeof alert.actionWritten>;
export type NotificationRow = Answer<typeof alert.notificationRow>;
export type NotificationsAnswer = Answer<typeof alert.notificationsAnswer>;

export type WatchlistAnswer = Answer<typeof watchlist.watchlistAnswer>;
export type WatchlistEntryAnswer = Answer<typeof watchlist.watchlistEntryAnswer>;
export type WatchlistPreviewAnswer = Answer<typeof watchlist.watchlistPreviewAnswer>;

export type SettingsFileAnswer = Answer<typeof settingsFile.settingsFileAnswer>;
export type SettingsCheckAnswer = Answer<typeof settingsFile.settingsCheckAnswer>;
export type SettingsWritten = Answer<typeof settingsFile.settingsWritten>;

export type AuditAnswer = Answer<typeof audit.auditAnswer>;

export type MeAnswer = Answer<typeof status.meAnswer>;
export type SourcesAnswer = Answer<typeof status.sourcesAnswer>;
export type StatusAnswer = Answer<typeof status.statusAnswer>;

/** Server-sent events of /api/live, by event name. */
export type LiveEvents = { [Name in keyof typeof status.liveEvents]: Answer<(typeof status.liveEvents)[Name]> };

/** Every refusal (RFC 9457). */
export type { Problem } from './problem.ts';
