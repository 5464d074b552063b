/**
 * The timelines of several entities, asked at once and shown at once. The last good ones stay while newer ones are fetched, and after a
 * failure only where they answer the same question.
 */
import { useEffect, useState } from 'preact/hooks';
import type { TimelineAnswer } from '../contract.ts';
import { queryOf } from './address.ts';
import { learnName } from './entity_names.ts';
import { fetchAnswer } from './remote.ts';

export interface Compared {
  readonly id: string;
  readonly timeline: TimelineAnswer;
}

interface State {
  readonly compared: readonly Compared[];
  /** What they answer. */
  readonly question: string;
  readonly failed: boolean;
}

const NOTHING: State = { compared: [], question: '', failed: false };

/** @param span the span as a query */
export function useTimelines(
  ids: readonly string[],
  span: string,
  version: number,
): Pick<State, 'compared' | 'failed'> {
  const [state, setState] = useState(NOTHING);
  const question = `${ids.join(',')} ${span}`;
  useEffect(() => {
    const abort = new AbortController();
    if (ids.length === 0) {
      setState(NOTHING);
      return undefined;
    }
    setState((before) => ({ ...before, failed: false }));
    const asked = ids.map(async (id): Promise<Compared> => {
      const [timeline] = await Promise.all([
        fetchAnswer<TimelineAnswer>(`/api/timeline?${span}&${queryOf({ entity: id })}`, abort.signal),
        learnName(id, abort.signal),
      ]);
      return { id, timeline };
    });
    Promise.all(asked).then(
      (compared) => setState({ compared, question, failed: false }),
      () => {
        if (abort.signal.aborted) return;
        setState((before) => ({ ...(before.question === question ? before : NOTHING), failed: true }));
      },
    );
    return () => abort.abort();
  }, [ids, span, version]);
  return state;
}
