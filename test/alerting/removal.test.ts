import { describe, expect, it } from 'vitest';
import type { Removal } from '../../core/removal.ts';
import { nothingTouched, newWatchState } from '../../alerting/memory.ts';
import { observe } from '../../alerting/observation.ts';
import { forgetIn } from '../../alerting/removal.ts';
import { newRecord } from '../../alerting/window.ts';
import { gather } from '../../alerting/background.ts';
import { exampleDocument, exampleOpinion } from '../contracts/store.ts';

const removal = (over: Partial<Removal>): Removal => ({
  schema_version: 1, id: 'r', kind: 'author', values: ['u_1'], outlet: null, by: 'origin', reason: 'deleted',
  requested_at: '2026-03-02T00:00:00.000Z', ...over,
}); // prettier-ignore

/** A watch that holds three documents: two of one author, one of another at another outlet. */
function filled() {
  const state = newWatchState();
  const observations = ['u_1', 'u_1', 'u_2'].map((author, index) =>
    observe(
      exampleOpinion(index, {
        document: exampleDocument(index, { author, source: index === 2 ? 'echo' : 'wire', feed: 'f' }),
      }),
    ),
  );
  const record = newRecord({ kind: 'entity', entity: 'tide', topic: null });
  record.waiting.push(...observations);
  state.records.set('entity:tide', record);
  gather(state.background, observations, 0);
  return { state, record };
}

describe('alerting forgets', () => {
  it.each([
    ['an author everywhere', removal({}), 1],
    ['an author at one outlet', removal({ outlet: 'echo' }), 3],
    ['a document', removal({ kind: 'document', values: ['d0'] }), 2],
    ['an outlet', removal({ kind: 'source', values: ['wire'] }), 1],
    ['a feed', removal({ kind: 'source', values: ['f'] }), 0],
  ])('%s, in windows and in the sample of usual titles', (_, taken, left) => {
    const { state, record } = filled();
    const touched = nothingTouched();
    forgetIn(state, touched, [taken]);
    expect(record.waiting).toHaveLength(left);
    expect([...state.background.values()].flat()).toHaveLength(left);
    expect(touched.records.size).toBe(left === 3 ? 0 : 1);
    expect(touched.languages.size).toBe(left === 3 ? 0 : 1);
  });
});
