/**
 * "For you", at #/for-you: stories ranked for who sits here, why each is shown, a dismissal each, a switch, and a way to have it
 * all forgotten. What was shown is told once a list; what is opened is told when it is opened.
 */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { ForYouAnswer, ForYouStory } from '../contract.ts';
import { queryOf } from './address.ts';
import { useFeedback } from './feedback.tsx';
import { langOf, useInterface } from './i18n.ts';
import { postAnswer, useRemote } from './remote.ts';
import { OpinionFacts } from './opinion_facts.tsx';
import { routeHref } from './route.ts';
import { Empty, Failed, Skeleton } from './states.tsx';
import { Page } from './view.tsx';

const PATH = '/api/for-you/reading';

export function ForYouPage() {
  const { text } = useInterface();
  const { person, settled, ask } = useFeedback();
  return (
    <Page title={text.for_you}>
      {!settled ? (
        <section class="card view-head tall">
          <Skeleton lines={10} />
        </section>
      ) : person === null ? (
        <section class="card view-head">
          <p>{text.for_you_who}</p>
          <button type="button" class="solid-button" onClick={() => void ask()}>
            {text.for_you_name}
          </button>
        </section>
      ) : (
        <List person={person} />
      )}
    </Page>
  );
}

function List({ person }: { person: string }) {
  const { text } = useInterface();
  const { write } = useFeedback();
  const [version, setVersion] = useState(0);
  const [gone, setGone] = useState<ReadonlySet<string>>(new Set());
  const { answer, failed } = useRemote<ForYouAnswer>(`/api/for-you?${queryOf({ author: person })}`, version);
  useTold(person, answer);
  const again = (): void => setVersion(version + 1);
  const act = async (path: string, body: object, done: string): Promise<void> => {
    if (await write(path, body, done)) again();
  };
  if (answer === null) {
    return <section class="card view-head tall">{failed ? <Failed retry={again} /> : <Skeleton lines={10} />}</section>;
  }
  const stories = answer.stories.filter(({ opinion }) => !gone.has(opinion.story));
  const dismiss = async ({ opinion }: ForYouStory): Promise<void> => {
    const body = { kind: 'dismiss', document_id: opinion.document_id, story: opinion.story };
    if (await write(PATH, body, text.dismissed)) setGone(new Set([...gone, opinion.story]));
  };
  return (
    <section class="card view-head tall">
      <p class="muted small for-you-head">
        <span>{answer.enabled ? text.for_you_intro(answer.lessons) : text.for_you_off}</span>
        <button
          type="button"
          class="line-button"
          onClick={() => void act(PATH, { kind: answer.enabled ? 'off' : 'on' }, text.saved)}
        >
          {answer.enabled ? text.turn_off : text.turn_on}
        </button>
        <button
          type="button"
          class="line-button"
          onClick={() => void act('/api/for-you/forget', {}, text.forgotten_reading)}
        >
          {text.forget_reading}
        </button>
      </p>
      {stories.length === 0 && <Empty>{text.no_stories}</Empty>}
      <ol class="evidence for-you">
        {stories.map((story) => (
          <Story
            key={story.opinion.story}
            story={story}
            enabled={answer.enabled}
            opened={() => {
              const { document_id, story: id } = story.opinion;
              const body = { author: person, kind: 'open', document_id, story: id };
              if (answer.enabled) postAnswer(PATH, body).catch(() => undefined);
            }}
            dismiss={() => void dismiss(story)}
          />
        ))}
      </ol>
    </section>
  );
}

/** Tells once what a list showed: without that, what was passed over cannot be told from what was never seen. */
function useTold(person: string, answer: ForYouAnswer | null): void {
  const told = useRef(new Set<string>());
  useEffect(() => {
    if (answer === null || !answer.enabled) return;
    const fresh = answer.stories.filter(({ opinion }) => !told.current.has(opinion.story));
    if (fresh.length === 0) return;
    for (const { opinion } of fresh) told.current.add(opinion.story);
    const stories = fresh.map(({ opinion, place, propensity, features }) => ({
      document_id: opinion.document_id,
      story: opinion.story,
      place,
      propensity,
      features,
    }));
    postAnswer(PATH, { author: person, kind: 'shown', stories }).catch(() => undefined);
  }, [answer]);
}

interface StoryProps {
  readonly story: ForYouStory;
  readonly enabled: boolean;
  opened(): void;
  dismiss(): void;
}

function Story({ story: { opinion, documents, sources, why, explored }, enabled, opened, dismiss }: StoryProps) {
  const { text } = useInterface();
  const title = opinion.title ?? opinion.text;
  const reasons = why.flatMap((name) => (name === 'base' ? [] : [text[`why_${name}`]]));
  return (
    <li>
      <a
        class="evidence-title link"
        href={routeHref('story', opinion.story)}
        lang={langOf(opinion.language)}
        onClick={opened}
      >
        {title}
      </a>
      <span class="evidence-meta">
        <OpinionFacts opinion={opinion} />
        {documents > 1 && <span>{text.story_meta(documents, sources)}</span>}
      </span>
      {enabled && (
        <span class="evidence-meta why-shown">
          {explored ? (
            <span class="badge">{text.why_explored}</span>
          ) : (
            reasons.length > 0 && (
              <span>
                {text.why_shown} {reasons.join(', ')}
              </span>
            )
          )}
          <button type="button" class="text-button" aria-label={text.dismiss_of(title.slice(0, 80))} onClick={dismiss}>
            {text.dismiss}
          </button>
        </span>
      )}
    </li>
  );
}
