import { describe, expect, it } from 'vitest';
import {
  createDispatch,
  type DispatchRules,
  type Groups,
  type Outcome,
  type Recipient,
} from '../../alerting/dispatch.ts';
import { SECTOR_HIDES_MEMBERS, createMute, type InhibitRule } from '../../alerting/muting.ts';
import type { Silence } from '../../core/action.ts';
import { isoTime, type Alert } from '../../core/event.ts';
import { alertOf } from './alerts.ts';
import { HOUR, START } from './opinions.ts';

const MINUTE = 60_000;
const rules: DispatchRules = {
  groupBy: ['incident'],
  groupWaitMs: 2000,
  groupIntervalMs: 5 * MINUTE,
  repeatMs: 4 * HOUR,
  tellPastMs: 48 * HOUR,
  send: new Set(['firing', 'resolved']),
};

interface Bench {
  silences?: Silence[];
  inhibit?: InhibitRule[];
  acknowledged?: Set<string>;
  recipients?: Recipient[];
  rules?: Partial<DispatchRules>;
  groups?: Groups;
}

function bench(options: Bench = {}) {
  const { silences = [], inhibit = [], acknowledged = new Set(), recipients = [{ name: 'a' }] } = options;
  const dispatch = createDispatch(
    { ...rules, ...options.rules },
    recipients,
    {
      mute: createMute(
        { inhibit, maintenance: [] },
        (now) => silences.filter(({ starts_at, ends_at }) => starts_at <= isoTime(now) && ends_at > isoTime(now)),
        () => dispatch.firing(),
      ),
      isAcknowledged: (id) => acknowledged.has(id),
    },
    options.groups,
  );
  const told = ({ sendings }: Outcome): string[] =>
    sendings.map(({ notification: { kind, items, alerts } }) => {
      const rest = alerts.length - items.length;
      return `${kind} ${items.join(' ')}${rest > 0 ? ` +${rest}` : ''}`;
    });
  return {
    dispatch,
    admit: (alert: Alert, after: number) => dispatch.admit(alert, START + after),
    tellAt: (after: number) => told(dispatch.advance(START + after)),
    outcomeAt: (after: number) => dispatch.advance(START + after),
  };
}

function alert(id: string, facts: Partial<Alert> = {}): Alert {
  const severity = facts.severity ?? 'warning';
  const labels = { entity: id, severity, incident: 'i', ...facts.labels };
  return alertOf({ alert_id: id, revision: 2, ...facts, severity, labels });
}

describe('who is told when', () => {
  it('waits for company, then tells a whole incident in one message, the worst first', () => {
    const { admit, tellAt } = bench();
    admit(alert('a', { score: 5 }), 0);
    admit(alert('b', { score: 9 }), 1000);
    admit(alert('c', { labels: { incident: 'other' } }), 1000);
    expect(tellAt(1999)).toEqual([]);
    expect(tellAt(3000)).toEqual(['news b:2 a:2', 'news c:2']);
    expect(tellAt(10_000)).toEqual([]);
  });

  it('tells further news of a group at its interval, with what else fires beside them', () => {
    const { admit, tellAt } = bench();
    admit(alert('a'), 0);
    expect(tellAt(2000)).toEqual(['news a:2']);
    admit(alert('b'), 10_000);
    expect(tellAt(5 * MINUTE)).toEqual([]);
    expect(tellAt(5 * MINUTE + 2000)).toEqual(['news b:2 +1']);
    admit(alert('a', { state: 'resolved', revision: 3 }), 6 * MINUTE);
    expect(tellAt(10 * MINUTE + 2000)).toEqual(['news a:3 +1']);
  });

  it('tells a rise in severity after the short wait, in the same group, and no second time', () => {
    const { admit, tellAt } = bench({ rules: { groupBy: ['severity'] } });
    admit(alert('a'), 0);
    tellAt(2000);
    admit(alert('a', { severity: 'critical', revision: 3 }), 60_000);
    expect(tellAt(62_000)).toEqual(['news a:3']);
    admit(alert('a', { severity: 'critical', revision: 4 }), 70_000);
    expect(tellAt(HOUR)).toEqual([]);
  });

  it('says to each notifier which of its warnings have risen, also where they end with that, and no second time', () => {
    const { admit, outcomeAt } = bench({ recipients: [{ name: 'am', refreshMs: MINUTE }] });
    const risen = (after: number): unknown[] =>
      outcomeAt(after).sendings.map(({ notification: { id, risen: ids } }) => [id, ids]);
    admit(alert('a'), 0);
    admit(alert('b'), 0);
    admit(alert('c', { severity: 'critical' }), 0);
    expect(risen(2000)).toEqual([[expect.stringMatching(/^c:2/), undefined]]);
    admit(alert('a', { severity: 'critical', revision: 3 }), 3000);
    expect(risen(5000)).toEqual([['a:3', ['a']]]);
    expect(risen(5000 + MINUTE)).toEqual([[expect.stringMatching(/~1/), undefined]]);
    admit(alert('b', { severity: 'critical', revision: 3 }), 70_000);
    admit(alert('b', { severity: 'critical', state: 'resolved', revision: 4 }), 70_001);
    expect(risen(72_000)).toEqual([['b:4', ['b']]]);
  });

  it('repeats what goes on after the interval, until somebody acknowledges it', () => {
    const acknowledged = new Set<string>();
    const { admit, tellAt } = bench({ acknowledged });
    admit(alert('a'), 0);
    tellAt(2000);
    expect(tellAt(4 * HOUR)).toEqual([]);
    expect(tellAt(4 * HOUR + 5 * MINUTE)).toEqual(['repeat a:2~1']);
    expect(tellAt(8 * HOUR + 10 * MINUTE)).toEqual(['repeat a:2~2']);
    acknowledged.add('a');
    expect(tellAt(20 * HOUR)).toEqual([]);
    admit(alert('a', { severity: 'critical', revision: 3 }), 20 * HOUR);
    expect(tellAt(20 * HOUR + 2000)).toEqual(['news a:3']);
    admit(alert('a', { state: 'resolved', revision: 4 }), 21 * HOUR);
    expect(tellAt(22 * HOUR)).toEqual(['news a:4']);
  });

  it('gives no repeat the id of an earlier one, also when there was news between', () => {
    const { admit, tellAt } = bench();
    admit(alert('a'), 0);
    tellAt(2000);
    expect(tellAt(4 * HOUR + 5 * MINUTE)).toEqual(['repeat a:2~1']);
    admit(alert('b'), 5 * HOUR);
    expect(tellAt(5 * HOUR + 5 * MINUTE)).toEqual(['news b:2 +1']);
    expect(tellAt(9 * HOUR + 10 * MINUTE)).toEqual(['repeat a:2~2 b:2~2']);
  });

  it('tells the end only to those who were told of the beginning', () => {
    const { admit, tellAt } = bench();
    admit(alert('a', { state: 'pending', revision: 1 }), 0);
    admit(alert('a', { state: 'resolved', revision: 2 }), HOUR);
    expect(tellAt(2 * HOUR)).toEqual([]);
    const whole = bench({ rules: { send: new Set(['pending', 'firing', 'resolved']) } });
    whole.admit(alert('a', { state: 'pending', revision: 1 }), 0);
    expect(whole.tellAt(2000)).toEqual(['news a:1']);
    whole.admit(alert('a', { state: 'resolved', revision: 2 }), HOUR);
    expect(whole.tellAt(2 * HOUR)).toEqual(['news a:2']);
    expect(whole.dispatch.groups.size).toBe(0);
  });

  it('tells once of what fired and ended before it could tell, as past, and goes on as before', () => {
    const { admit, outcomeAt, tellAt, dispatch } = bench({ recipients: [{ name: 'chat' }, { name: 'mail' }] });
    const times = { started_at: isoTime(START - 30 * HOUR), at: isoTime(START - 20 * HOUR) };
    admit(alert('a', { severity: 'critical', ...times }), 0);
    admit(alert('a', { severity: 'critical', state: 'resolved', revision: 3, ...times }), 1);
    admit(alert('b'), 2);
    const { sendings, suppressed } = outcomeAt(2000);
    expect(sendings.map(({ notifier, notification: { items, past } }) => [notifier, items, past])).toEqual([
      ['chat', ['b:2', 'a:3'], ['a']],
      ['mail', ['b:2', 'a:3'], ['a']],
    ]);
    expect(suppressed).toEqual([]);
    expect(Object.values(dispatch.groups.values().next().value?.past ?? {})).toEqual([]);
    expect(tellAt(4 * HOUR)).toEqual([]);
    expect(tellAt(4 * HOUR + 5 * MINUTE)).toEqual(['repeat b:2~1', 'repeat b:2~1']);
  });

  it('tells of it also in a group that was told of others, and after the group was written down', () => {
    const first = bench();
    first.admit(alert('b'), 0);
    first.tellAt(2000);
    const times = { started_at: isoTime(START), at: isoTime(START + HOUR) };
    first.admit(alert('a', times), MINUTE);
    first.admit(alert('a', { state: 'resolved', revision: 3, ...times }), MINUTE);
    const second = bench({ groups: new Map(structuredClone([...first.dispatch.groups])) });
    expect(second.tellAt(5 * MINUTE + 2000)).toEqual(['news a:3 +1']);
    expect(second.tellAt(2 * HOUR)).toEqual([]);
  });

  it('writes down what was over before it could tell, where that was short, long ago, or ends are not sent', () => {
    const short = { started_at: isoTime(START), at: isoTime(START + 1999) };
    const long = { started_at: isoTime(START), at: isoTime(START + HOUR) };
    const history = { started_at: isoTime(START - 60 * HOUR), at: isoTime(START - 49 * HOUR) };
    const written = (options: Bench, times: Partial<Alert>): unknown[] => {
      const { admit, outcomeAt, dispatch } = bench(options);
      admit(alert('a', times), 0);
      admit(alert('a', { state: 'resolved', revision: 3, ...times }), 1);
      const { sendings, suppressed } = outcomeAt(2000);
      expect(sendings).toEqual([]);
      expect(dispatch.groups.size).toBe(0);
      return suppressed.map(({ alert: { alert_id }, muted }) => [alert_id, muted]);
    };
    expect(written({}, short)).toEqual([['a', { reason: 'over_before_told', by: 'it lasted 1.999 s' }]]);
    expect(written({ rules: { send: new Set(['firing']) } }, long)).toEqual([
      ['a', { reason: 'over_before_told', by: 'ends are not sent' }],
    ]);
    expect(written({}, history)).toEqual([
      ['a', { reason: 'over_before_told', by: `it ended long ago, at ${history.at}` }],
    ]);
    // Nobody is there to be told.
    expect(written({ recipients: [] }, long)).toEqual([]);
  });

  it('tells of the past neither what only was pending, nor what is silenced, nor to whom came later', () => {
    const times = { started_at: isoTime(START), at: isoTime(START + HOUR) };
    const pending = bench({ rules: { send: new Set(['pending', 'firing', 'resolved']) } });
    pending.admit(alert('a', { state: 'pending', revision: 1, ...times }), 0);
    pending.admit(alert('a', { state: 'resolved', ...times }), 1);
    expect(pending.outcomeAt(2000)).toEqual({ sendings: [], suppressed: [] });
    const late = bench();
    late.admit(alert('a', times), 0);
    late.tellAt(2000);
    late.admit(alert('a', { state: 'resolved', revision: 3, ...times }), MINUTE);
    const groups: Groups = new Map(structuredClone([...late.dispatch.groups]));
    const two = bench({ groups, recipients: [{ name: 'a' }, { name: 'new' }] });
    expect(two.outcomeAt(5 * MINUTE + 2000).sendings.map(({ notifier }) => notifier)).toEqual(['a']);
    const known: Silence = {
      id: 's', matchers: ['entity="a"'], starts_at: isoTime(START), ends_at: isoTime(START + HOUR),
      comment: 'known', author: 'Priya', created_at: isoTime(START), state: 'active',
    }; // prettier-ignore
    const silenced = bench({ silences: [known] });
    silenced.admit(alert('a', times), 0);
    silenced.admit(alert('a', { state: 'resolved', revision: 3, ...times }), 1);
    const { sendings, suppressed } = silenced.outcomeAt(2000);
    expect([sendings, suppressed.map(({ muted }) => muted)]).toEqual([[], [{ reason: 'silenced', by: 's' }]]);
  });

  it('keeps an account for each notifier, and keeps what fires alive for those that forget', () => {
    const { admit, outcomeAt } = bench({ recipients: [{ name: 'chat' }, { name: 'am', refreshMs: MINUTE }] });
    admit(alert('a'), 0);
    const names = (after: number): string[] =>
      outcomeAt(after).sendings.map(({ notifier, notification }) => `${notifier} ${notification.id}`);
    expect(names(2000)).toEqual(['chat a:2', 'am a:2']);
    expect(names(MINUTE + 2000)).toEqual(['am a:2~1']);
    expect(names(2 * MINUTE + 2000)).toEqual(['am a:2~2']);
    // Away for an hour: told again once, not sixty times.
    expect(names(HOUR)).toEqual(['am a:2~3']);
    admit(alert('a', { state: 'resolved', revision: 3 }), HOUR);
    expect(names(HOUR + 5 * MINUTE).filter((one) => one.endsWith('a:3'))).toEqual(['chat a:3', 'am a:3']);
    expect(names(2 * HOUR)).toEqual([]);
  });

  it('is told in time again after a clock was a year ahead for a moment', () => {
    const { dispatch, admit, tellAt } = bench();
    const year = 365 * 24 * HOUR;
    admit(alert('a'), 0);
    tellAt(2000);
    expect(tellAt(year)).toEqual(['repeat a:2~1']);
    admit(alert('b'), MINUTE);
    dispatch.touched.clear();
    dispatch.keepWithin(START + MINUTE);
    expect(dispatch.touched.size).toBe(1);
    expect(tellAt(6 * MINUTE)).toEqual(['news b:2 +1']);
    dispatch.touched.clear();
    dispatch.keepWithin(START + 6 * MINUTE);
    expect(dispatch.touched.size).toBe(0);
    expect(tellAt(4 * HOUR + 11 * MINUTE)).toEqual(['repeat a:2~2 b:2~2']);
  });

  it('goes on where it was after its groups were written down and taken up again', () => {
    const first = bench();
    first.admit(alert('a'), 0);
    first.tellAt(2000);
    const groups: Groups = new Map(structuredClone([...first.dispatch.groups]));
    const second = bench({ groups });
    second.admit(alert('a', { revision: 3 }), HOUR);
    expect(second.tellAt(2 * HOUR)).toEqual([]);
    second.admit(alert('a', { state: 'resolved', revision: 4 }), 2 * HOUR);
    expect(second.tellAt(3 * HOUR)).toEqual(['news a:4']);
  });
});

describe('what mutes an alert', () => {
  const silence = (matchers: string[], from: number, to: number): Silence => ({
    id: 's',
    matchers,
    starts_at: isoTime(START + from),
    ends_at: isoTime(START + to),
    comment: 'known',
    author: 'Priya',
    created_at: isoTime(START),
    state: 'active',
  });

  it('is a silence: said once why, and told when the silence ends and it still fires', () => {
    const { admit, outcomeAt, tellAt } = bench({ silences: [silence(['entity="a"'], 0, HOUR)] });
    admit(alert('a'), 0);
    admit(alert('b'), 0);
    const first = outcomeAt(2000);
    expect(first.sendings.map(({ notification }) => notification.id)).toEqual(['b:2']);
    expect(first.suppressed.map(({ alert: { alert_id }, muted }) => [alert_id, muted])).toEqual([
      ['a', { reason: 'silenced', by: 's' }],
    ]);
    expect(outcomeAt(30 * MINUTE).suppressed).toEqual([]);
    expect(tellAt(HOUR + 5 * MINUTE)).toEqual(['news a:2 +1']);
  });

  it('says nothing of the end of what was never told', () => {
    const { admit, tellAt } = bench({ silences: [silence(['entity=~".*"'], 0, 10 * HOUR)] });
    admit(alert('a'), 0);
    tellAt(2000);
    admit(alert('a', { state: 'resolved', revision: 3 }), HOUR);
    expect(tellAt(20 * HOUR)).toEqual([]);
  });

  it('is a sector’s alert, for as long as that fires', () => {
    const { admit, tellAt, outcomeAt } = bench({ inhibit: [SECTOR_HIDES_MEMBERS], rules: { groupBy: ['entity'] } });
    const sector = { entity: 'banks', sector: 'banks', level: 'sector' };
    admit(alert('banks', { labels: sector }), 0);
    admit(alert('norvale', { labels: { sector: 'banks', level: 'member' } }), 0);
    admit(alert('tarrowby', { labels: { sector: 'retail', level: 'member' } }), 0);
    const first = outcomeAt(2000);
    expect(first.sendings.map(({ notification }) => notification.id)).toEqual(['banks:2', 'tarrowby:2']);
    expect(first.suppressed[0]?.muted).toEqual({ reason: 'inhibited', by: 'banks' });
    admit(alert('banks', { state: 'resolved', revision: 3, labels: sector }), HOUR);
    expect(tellAt(HOUR + 10 * MINUTE)).toEqual(['news banks:3', 'news norvale:2']);
  });

  it('is never the alert itself, nor one that hides it in turn', () => {
    const both: InhibitRule = { source: ['severity="warning"'], target: ['severity="warning"'], equal: [] };
    const { admit, tellAt } = bench({ inhibit: [both] });
    admit(alert('a'), 0);
    admit(alert('b'), 0);
    expect(tellAt(2000)).toEqual(['news a:2 b:2']);
  });
});
