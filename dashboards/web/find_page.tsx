/** Search and ask, at #/find/WORDS: one box; a question is answered first, what search finds stands below. */
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { AskAnswer, SearchAnswer } from '../contract.ts';
import { queryOf, spanQuery, type Address } from './address.ts';
import { AnswerCard } from './answer_card.tsx';
import { HitList } from './hit_list.tsx';
import { useInterface } from './i18n.ts';
import { isQuestion } from './is_question.ts';
import { useRemote } from './remote.ts';
import { routeHref } from './route.ts';
import { Empty, Failed, Skeleton } from './states.tsx';
import { Page } from './view.tsx';

/** As many as the API gives at once, and as many of them as are shown at once. */
const MOST = 100;
const SHOWN = 20;
type By = 'both' | 'words' | 'meaning';

interface FindPageProps {
  readonly words: string;
  readonly address: Address;
  change(change: Partial<Address>): void;
}

export function FindPage({ words, address, change }: FindPageProps) {
  const { text } = useInterface();
  const [written, setWritten] = useState(words);
  const by: By = address.by ?? 'both';
  const [tries, setTries] = useState(0);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => setWritten(words), [words]);
  useLayoutEffect(() => {
    if (words === '') field.current?.focus();
  }, []);
  return (
    <Page title={text.find}>
      <section class="card view-head find">
        <form
          role="search"
          class="find-form"
          onSubmit={(event) => {
            event.preventDefault();
            if (written.trim() !== '') location.hash = routeHref('find', written.trim().slice(0, 200));
          }}
        >
          <input
            ref={field}
            type="search"
            value={written}
            maxLength={200}
            aria-label={text.find}
            placeholder={text.find_hint}
            onInput={(event) => setWritten(event.currentTarget.value)}
          />
          <button type="submit" class="solid-button">
            {text.find_button}
          </button>
        </form>
        <div class="segments" role="group" aria-label={text.find_by}>
          {(['both', 'words', 'meaning'] as const).map((name) => (
            <button
              type="button"
              key={name}
              aria-pressed={by === name}
              onClick={() => change({ by: name === 'both' ? null : name })}
            >
              {text[`by_${name}`]}
            </button>
          ))}
        </div>
        {words === '' && <p class="muted">{text.find_intro}</p>}
      </section>
      {words !== '' && isQuestion(words) && <Answered key={`ask ${words}`} words={words} />}
      {words !== '' && (
        <Found
          key={`${words} ${by}`}
          words={words}
          by={by}
          address={address}
          tries={tries}
          retry={() => setTries(tries + 1)}
        />
      )}
    </Page>
  );
}

/** The reader's: their yesterday is not that of the server. Null where the browser does not know it itself. */
function ownZone(): string | null {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  return timeZone === 'Etc/Unknown' ? null : timeZone;
}

function Answered({ words }: { words: string }) {
  const { text, language } = useInterface();
  const [tries, setTries] = useState(0);
  const { answer, failed } = useRemote<AskAnswer>(
    `/api/ask?${queryOf({ q: words, language, time_zone: ownZone() })}`,
    tries,
  );
  return (
    <section class="card view-head answer" aria-labelledby="answer-title" aria-busy={answer === null && !failed}>
      <h3 id="answer-title">{text.answer}</h3>
      {answer === null && !failed && <Skeleton lines={6} />}
      {failed && answer === null && <Failed retry={() => setTries(tries + 1)} />}
      {answer !== null && <AnswerCard answer={answer} />}
    </section>
  );
}

function Found({
  words,
  by,
  address,
  tries,
  retry,
}: {
  words: string;
  by: By;
  address: Address;
  tries: number;
  retry(): void;
}) {
  const { text } = useInterface();
  const query = queryOf({ q: words, by, limit: String(MOST), ...spanQuery(address) });
  const { answer, failed } = useRemote<SearchAnswer>(`/api/search?${query}`, tries);
  const [shown, setShown] = useState(SHOWN);
  const section = useRef<HTMLElement>(null);
  // The button moves away from whoever pressed it, or is gone: reading goes on at the first that it brought.
  useLayoutEffect(() => {
    if (shown > SHOWN) section.current?.querySelectorAll<HTMLElement>('.hits a')[shown - SHOWN]?.focus();
  }, [shown]);
  return (
    <section ref={section} class="card view-head tall" aria-labelledby="found-title">
      <header class="card-head">
        <h3 id="found-title">{text.documents_list}</h3>
        <span class="muted small" role="status">
          {answer !== null && text.results(answer.total)}
        </span>
      </header>
      {answer === null && !failed && <Skeleton lines={10} />}
      {failed && answer === null && <Failed retry={retry} />}
      {answer?.meaning === 'unavailable' && <p class="muted small">{text.meaning_unavailable}</p>}
      {answer?.meaning === 'late' && <p class="muted small">{text.meaning_late}</p>}
      {answer !== null && answer.hits.length === 0 && <Empty>{text.nothing_found}</Empty>}
      {answer !== null && <HitList hits={answer.hits.slice(0, shown)} />}
      {answer !== null && answer.hits.length > shown && (
        <footer class="card-foot">
          <button type="button" class="text-button" onClick={() => setShown(shown + SHOWN)}>
            {text.more_results}
          </button>
        </footer>
      )}
      {answer !== null && answer.total > MOST && answer.hits.length <= shown && (
        <p class="muted small">{text.first_results(answer.hits.length, answer.total)}</p>
      )}
    </section>
  );
}
