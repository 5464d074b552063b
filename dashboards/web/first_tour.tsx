/**
 * The tour of a first visit: a line that offers it, and four steps for who takes it. In the flow of the page, not over it, until it
 * is asked for: who came because of an alert is not held up. Taken, refused or ended, it is not offered again in this browser.
 */
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { useInterface } from './i18n.ts';

const KEY = 'tidewatch.tour';
const STEPS = [
  { name: 'tide', place: '.tide' },
  { name: 'alerts', place: '.alerts' },
  { name: 'opinions', place: '.opinions' },
  { name: 'more', place: '.find-links' },
] as const;

export function FirstTour() {
  const { text } = useInterface();
  const [state, setState] = useState<'offered' | 'taken' | 'over'>(() => (wasOffered() ? 'over' : 'offered'));
  const end = (): void => {
    noteOffered();
    setState('over');
  };
  if (state === 'over') return null;
  if (state === 'taken') return <Steps end={end} />;
  return (
    <aside class="tour-offer" aria-label={text.tour}>
      <span>{text.tour_offer}</span>
      <button type="button" class="line-button" onClick={() => setState('taken')}>
        {text.tour_take}
      </button>
      <button type="button" class="text-button" onClick={end}>
        {text.tour_refuse}
      </button>
    </aside>
  );
}

function Steps({ end }: { end(): void }) {
  const { text } = useInterface();
  const [at, setAt] = useState(0);
  const dialog = useRef<HTMLDialogElement>(null);
  const step = STEPS[at] ?? STEPS[0];
  useEffect(() => dialog.current?.showModal(), []);
  // On the root, not on the place: parts of the page may still be drawn anew while they load.
  useLayoutEffect(() => {
    document.documentElement.dataset['tour'] = step.name;
    document.querySelector(step.place)?.scrollIntoView({ block: 'start' });
    return () => delete document.documentElement.dataset['tour'];
  }, [step]);
  const isLast = at === STEPS.length - 1;
  return (
    <dialog
      ref={dialog}
      class="sheet tour-sheet"
      aria-labelledby="tour-title"
      aria-describedby="tour-words"
      onClose={end}
    >
      <h2 id="tour-title">{text[`tour_${step.name}`]}</h2>
      <p id="tour-words" aria-live="polite">
        {text[`tour_${step.name}_words`]}
      </p>
      <p class="sheet-foot">
        <span class="muted small">{text.tour_step(at + 1, STEPS.length)}</span>
        {!isLast && (
          <button type="button" class="text-button" onClick={end}>
            {text.tour_skip}
          </button>
        )}
        <button type="button" class="solid-button" autofocus onClick={() => (isLast ? end() : setAt(at + 1))}>
          {isLast ? text.tour_done : text.tour_next}
        </button>
      </p>
    </dialog>
  );
}

function wasOffered(): boolean {
  try {
    return localStorage.getItem(KEY) !== null;
  } catch {
    return true;
  }
}

function noteOffered(): void {
  try {
    localStorage.setItem(KEY, 'over');
  } catch {
    // A private window: it is offered again next time.
  }
}
