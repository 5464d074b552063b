/**
 * One company at #/entity/ID, one topic at #/topic/NAME: how much is said, how bad it is against what is usual, in which
 * stories, in which words, beside which others, with which alerts. Both are one page: they differ in what they are split by.
 */
import { useEffect } from 'preact/hooks';
import type { AlertsAnswer, PricesAnswer, ProfileAnswer, TimelineAnswer, WordsAnswer } from '../contract.ts';
import { writeAddress, type Address } from './address.ts';
import { nameOfEntity, rememberNames } from './entity_names.ts';
import { eventName } from './event_name.ts';
import { seriesQuestions } from './first_questions.ts';
import { useInterface } from './i18n.ts';
import { useRemote } from './remote.ts';
import { routeHref } from './route.ts';
import { SeriesAlerts, Split, StandingWords, Stories } from './series_parts.tsx';
import { Empty, Failed, Skeleton } from './states.tsx';
import { Tide } from './tide.tsx';
import { TOPIC_LABELS, topicName } from './topics.ts';
import { Page } from './view.tsx';

interface SeriesPageProps {
  readonly kind: 'entity' | 'topic';
  readonly id: string;
  readonly address: Address;
  readonly version: number;
  readonly themeVersion: string;
  change(change: Partial<Address>): void;
  refresh(): void;
}

export function SeriesPage({ kind, id, address, version, themeVersion, change, refresh }: SeriesPageProps) {
  const { text, language } = useInterface();
  const questions = seriesQuestions(kind, id, address);
  const timeline = useRemote<TimelineAnswer>(questions.timeline, version);
  const profile = useRemote<ProfileAnswer>(questions.profile, version);
  const alerts = useRemote<AlertsAnswer>(questions.alerts, version);
  const words = useRemote<WordsAnswer>(questions.words, version);
  const prices = useRemote<PricesAnswer>(questions.prices, version);
  const told = profile.answer;
  useEffect(() => {
    if (told === null) return;
    rememberNames(told.entities);
    if (kind === 'entity' && told.name !== null) rememberNames([{ id, name: told.name }]);
  }, [told, kind, id]);
  const known = told?.name?.[language] ?? nameOfEntity(id, language);
  // An id is no title: until its name comes, a page that a link opens says that it loads.
  const isNamed = kind === 'topic' || known !== id || told !== null || profile.failed;
  const name = kind === 'topic' ? topicName(id, language) : isNamed ? known : text.loading;
  // A price is drawn with the tide or not at all: a pane that comes later would push the page down.
  const ready = kind === 'topic' || prices.answer !== null || prices.failed;
  const shown = ready ? timeline : { ...timeline, answer: null };
  // Nothing below the tide before its card has its height, and all of that at once, so that nothing moves.
  const begun = shown.answer !== null || timeline.failed;
  const settled = told !== null && (alerts.answer !== null || alerts.failed);
  if (told !== null && isNobody(kind, id, told)) {
    const isTopic = kind === 'topic';
    return (
      <Page title={isTopic ? text.no_such_topic : text.no_such_series}>
        <section class="card view-head tall">
          <p>
            <b>{id}</b>
          </p>
          <Empty>{isTopic ? text.no_such_topic_hint : text.no_such_series_hint}</Empty>
        </section>
      </Page>
    );
  }
  return (
    <Page title={name}>
      <nav class="series-links" aria-label={name}>
        <span class="badge">{kind === 'entity' ? text.about_entity : text.about_topic}</span>
        <a class="link" href={`${writeAddress({ ...address, entity: null, topic: null, [kind]: id }) || '?'}#/`}>
          {text.filter_overview}
        </a>
        {kind === 'entity' && (
          <a class="link" href={routeHref('compare', id)}>
            {text.compare_with}
          </a>
        )}
      </nav>
      <div class="series-tide">
        <Tide
          title={text.tide_of}
          about={name}
          timeline={shown}
          closes={prices.answer?.closes ?? []}
          alerts={alerts.answer?.alerts ?? []}
          themeVersion={themeVersion}
          clearable={false}
          clear={() => undefined}
          retry={refresh}
          zoom={(from, to) => change({ from, to })}
          openAlert={(alert) => {
            location.hash = routeHref('alert', alert);
          }}
        />
      </div>
      {begun && !settled && (
        <section class="card view-head tall">
          {profile.failed && told === null ? <Failed retry={refresh} /> : <Skeleton lines={14} />}
        </section>
      )}
      {begun && settled && (
        <>
          <div class="series-main">
            <Stories profile={told} />
            <StandingWords words={words} />
          </div>
          <div class="series-side">
            <SeriesAlerts alerts={alerts} />
            {kind === 'entity' && (
              <Split
                title={text.topics}
                rows={told.topics.map((row) => ({
                  ...row,
                  name: topicName(row.topic, language),
                  href: routeHref('topic', row.topic),
                }))}
              />
            )}
            <Split
              title={text.events_title}
              none={text.no_events}
              rows={told.events.map((row) => ({ ...row, name: eventName(row.event, language), href: null }))}
            />
            <Split
              title={kind === 'entity' ? text.named_with : text.companies_title}
              rows={told.entities.map((row) => ({
                ...row,
                name: row.name[language],
                href: routeHref('entity', row.id),
              }))}
            />
            <Split title={text.sources} rows={told.sources.map((row) => ({ ...row, name: row.source, href: null }))} />
          </div>
        </>
      )}
    </Page>
  );
}

/**
 * Whether nobody is called so: what the watchlist knows has a name of its own, what the model knows is among its topics, and what either
 * has forgotten is still named by documents.
 */
function isNobody(kind: 'entity' | 'topic', id: string, { name, stories }: ProfileAnswer): boolean {
  if (stories.length > 0) return false;
  return kind === 'topic' ? !TOPIC_LABELS.includes(id) : name?.en === id && name.zh === id;
}
