/** The parts of the page of a series: its stories, its alerts, its words, and how it splits by something else. */
import { useState } from 'preact/hooks';
import type { AlertsAnswer, ProfileAnswer, ToldStory, WordsAnswer } from '../contract.ts';
import { AlertFigures } from './alert_figures.tsx';
import { alertName } from './alert_range.tsx';
import { langOf, useInterface } from './i18n.ts';
import type { Remote } from './remote.ts';
import { routeHref } from './route.ts';
import { Sparkline } from './sparkline.tsx';
import { Empty, Skeleton } from './states.tsx';

/** Alerts that are listed before somebody wants all. */
const SHORT_LENGTH = 8;

export function Stories({ profile }: { profile: ProfileAnswer }) {
  const { text } = useInterface();
  return (
    <section class="card series-stories" aria-labelledby="series-stories">
      <h3 id="series-stories">{text.stories_title}</h3>
      {profile.stories.length === 0 && <Empty>{text.no_stories_here}</Empty>}
      <ol>
        {profile.stories.map((story) => (
          <Story key={story.story} story={story} />
        ))}
      </ol>
    </section>
  );
}

function Story({ story }: { story: ToldStory }) {
  const { text, format } = useInterface();
  const { documents, negative, sources, spread } = story;
  const href = documents > 1 ? routeHref('story', story.story) : routeHref('document', story.document_id);
  const lang = langOf(story.language);
  return (
    <li>
      <a class="evidence-title link" href={href} lang={lang}>
        {story.title}
      </a>
      <p class="evidence-meta">
        <span>{text.first_by(story.first_source)}</span>
        <time dateTime={story.first_published_at} title={format.full(story.first_published_at)}>
          {format.moment(story.first_published_at)}
        </time>
        {documents > 1 && <span>{text.story_meta(documents, sources)}</span>}
        {negative > 0 && (
          <span class="probability">
            {documents > 1 ? text.negative_of(format.share(negative / documents)) : text.negative}
          </span>
        )}
      </p>
      {documents > 1 && (
        <span class="story-spread" role="img" aria-label={text.spread_of(documents)}>
          <Sparkline documents={spread} negative={spread.map(() => 0)} />
        </span>
      )}
    </li>
  );
}

export function SeriesAlerts({ alerts: { answer, failed } }: { alerts: Remote<AlertsAnswer> }) {
  const { text, format, language } = useInterface();
  const alerts = answer?.alerts ?? [];
  const [all, setAll] = useState(false);
  return (
    <section class="card" aria-labelledby="series-alerts">
      <h3 id="series-alerts">{text.alerts}</h3>
      {answer === null && failed && <p class="muted small">{text.failed}</p>}
      {answer !== null && alerts.length === 0 && <p class="muted small">{text.no_alerts_here}</p>}
      <ul class="series-alerts">
        {(all ? alerts : alerts.slice(0, SHORT_LENGTH)).map((alert) => (
          <li key={alert.alert_id}>
            <p class="alert-line">
              <span class={`badge ${alert.state}`}>{text[`state_${alert.state}`]}</span>
              <a class="link" href={routeHref('alert', alert.alert_id)}>
                {alertName(alert, language)}
              </a>
              <time dateTime={alert.started_at} title={format.full(alert.started_at)}>
                {format.moment(alert.started_at)}
              </time>
            </p>
            <AlertFigures alert={alert} />
          </li>
        ))}
      </ul>
      {alerts.length > SHORT_LENGTH && (
        <button type="button" class="text-button" aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? text.show_fewer : text.show_all(alerts.length)}
        </button>
      )}
    </section>
  );
}

export function StandingWords({ words: { answer, failed } }: { words: Remote<WordsAnswer> }) {
  const { text, format } = useInterface();
  const told = answer?.against === 'others' ? text.words_against_others : text.words_against_before;
  return (
    <section class="card series-words" aria-labelledby="series-words">
      <h3 id="series-words">{text.words_title}</h3>
      {answer === null && (failed ? <p class="muted small">{text.failed}</p> : <Skeleton lines={3} />)}
      {answer !== null && (
        <>
          <p class="muted small">{told(format.count(answer.read), format.count(answer.usual))}</p>
          {answer.words.length === 0 && <p class="muted">{text.words_none}</p>}
          <p class="word-cloud">
            {answer.words.map(({ word, language, z, count }) => (
              <a
                key={`${word} ${language}`}
                class="word"
                lang={language === 'zh' ? 'zh-CN' : language}
                href={routeHref('find', word)}
                title={text.word_title(count, z.toFixed(1))}
              >
                {word} <small>{format.count(count)}</small>
              </a>
            ))}
          </p>
        </>
      )}
    </section>
  );
}

interface SplitRow {
  readonly name: string;
  readonly href: string | null;
  readonly documents: number;
  readonly negative: number;
}

/** Parts by their number of documents, the negative part of each in front: one scale for all rows. */
export function Split({ title, none, rows }: { title: string; none?: string; rows: readonly SplitRow[] }) {
  const { text, format } = useInterface();
  const most = Math.max(1, ...rows.map((row) => row.documents));
  return (
    <section class="card series-split">
      <h3>{title}</h3>
      {rows.length === 0 && <p class="muted small">{none ?? text.nothing_here}</p>}
      <ul>
        {rows.map(({ name, href, documents, negative }) => (
          <li key={name}>
            <span class="split-name" title={name}>
              {href === null ? (
                name
              ) : (
                <a class="link" href={href}>
                  {name}
                </a>
              )}
            </span>
            <span class="split-bar" aria-hidden="true">
              <i style={{ width: `${(documents / most) * 100}%` }} />
              <b style={{ width: `${(negative / most) * 100}%` }} />
            </span>
            <span class="split-figure">
              {text.parts_of(format.short(documents), format.share(negative / documents))}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
