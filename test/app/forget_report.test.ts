import { describe, expect, it } from 'vitest';
import { sayElsewhere, secondLook } from '../../app/commands/forget.ts';
import { elsewhere, type Spoken } from '../../app/forget_answers.ts';

describe('what tidewatch forget says of its second look', () => {
  it('says that nothing is left only where nothing is', () => {
    expect(secondLook({ after: {}, remaining: 0, kept: null })).toBe('A second look finds nothing of it.');
  });

  it('asks for another run where that can help', () => {
    const after = { 'store documents': 2, 'stream documents': 1 };
    expect(secondLook({ after, remaining: 3, kept: null })).toBe('A second look still finds 3: run it again.');
  });

  it('tells what lies in a log that cannot be rewritten apart from the rest', () => {
    const log = { 'stream documents': 2, 'stream opinions': 1 };
    const kept = 'Kafka’s log cannot be rewritten.';
    expect(secondLook({ after: log, remaining: 3, kept })).toBe(
      'A second look still finds 3 in the log, and nothing anywhere else.',
    );
    expect(secondLook({ after: { ...log, 'store alerts': 1 }, remaining: 4, kept })).toBe(
      'A second look still finds 3 in the log, and 1 elsewhere: run it again.',
    );
  });
});

describe('what other processes say of forgetting', () => {
  const said = (process: string, minute: number, more: object = { says: 'here' }): Spoken =>
    ({ process, host: 'h', roles: ['ingest'], at: `2026-03-02T08:${minute}:00.000Z`, ...more }) as Spoken;
  const forgot = (removal: string, found: number) => ({ says: 'forgot', removal, found, left: 0 });

  it('tells who has answered this removal from who was heard of and has not, and leaves out who asks', () => {
    const spoken = [
      said('b', 30, forgot('r', 4)), said('a', 10), said('b', 12), said('c', 11), said('self', 13),
      said('c', 40, forgot('other', 9)), said('b', 50),
    ]; // prettier-ignore
    const others = elsewhere(spoken, 'r', 'self', Date.parse('2026-03-02T20:00:00Z'));
    expect(others.map(({ process, found, at }) => [process, found, at.slice(14, 16)])).toEqual([
      ['a', null, '10'], ['c', null, '40'], ['b', 4, '50'],
    ]); // prettier-ignore
    expect(others.map(sayElsewhere)).toEqual([
      'Of ingest on h (a), last heard of at 2026-03-02T08:10:00.000Z, there is no answer: it forgets when it is back, if its folder is still there.',
      'Of ingest on h (c), last heard of at 2026-03-02T08:40:00.000Z, there is no answer: it forgets when it is back, if its folder is still there.',
      'In ingest on h (b): 4 things found, 0 left.',
    ]);
  });

  it('does not wait for one that kept nothing and is gone: stopped, or not heard of for an hour', () => {
    const heard = (roles: string[], hour: number, more?: object) => {
      const spoken = [{ ...said('a', 10, more), roles, at: `2026-03-02T0${hour}:10:00.000Z` } as Spoken];
      return elsewhere(spoken, 'r', 'self', Date.parse('2026-03-02T08:10:00Z')).length;
    };
    expect(heard(['classifier'], 6)).toBe(0);
    expect(heard(['classifier', 'dashboards'], 8, { says: 'gone' })).toBe(0);
    expect(heard(['classifier'], 8)).toBe(1);
    // What these hold lies in their folders, also while they are stopped.
    expect(heard(['ingest'], 6)).toBe(1);
    expect(heard(['alerting', 'classifier'], 8, { says: 'gone' })).toBe(1);
    // Who has answered has answered.
    expect(heard(['classifier'], 6, forgot('r', 0))).toBe(1);
  });
});
