/** Every route of the API, by operation id. A new subject is one file and one line here. */
import { alertRoutes } from './alert_api.ts';
import { auditRoutes } from './audit_api.ts';
import { askRoutes } from './ask/ask_api.ts';
import { documentRoutes } from './document_api.ts';
import { feedbackRoutes } from './feedback_api.ts';
import { learningRoutes } from './learning_api.ts';
import { forYouRoutes } from './for_you/for_you_api.ts';
import { peopleRoutes } from './people_api.ts';
import { profileRoutes } from './profile_api.ts';
import { searchRoutes } from './search/search_api.ts';
import { seriesRoutes } from './series_api.ts';
import { settingsRoutes } from './settings_api.ts';
import { statusRoutes } from './status_api.ts';
import { watchlistRoutes } from './watchlist_api.ts';

export const ROUTES = {
  ...statusRoutes,
  ...seriesRoutes,
  ...profileRoutes,
  ...documentRoutes,
  ...searchRoutes,
  ...askRoutes,
  ...forYouRoutes,
  ...alertRoutes,
  ...peopleRoutes,
  ...feedbackRoutes,
  ...learningRoutes,
  ...watchlistRoutes,
  ...settingsRoutes,
  ...auditRoutes,
} as const;
