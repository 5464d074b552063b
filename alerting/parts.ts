/**
 * What the stage is made of: detectors and notifiers by the settings, the queue of notifications, what people said, and the watch and
 * the dispatch as they were when last written down. Opened together, because each is given the others; alerting.ts sets them going.
 */
import { randomUUID } from 'node:crypto';
import { systemClock, type Clock } from '../core/clock.ts';
import type { Context } from '../core/component.ts';
import { createComponent } from '../core/config.ts';
import { isoTime, type Alert, type Series } from '../core/event.ts';
import type { State } from '../core/state/state.ts';
import type { Store } from '../core/store/store.ts';
import type { Stream } from '../core/stream/stream.ts';
import { openCheckpoint } from './checkpoint.ts';
import { createClaims } from './claims.ts';
import type { Confusion } from './correction.ts';
import type { Detector } from './detector.ts';
import { levelOf } from './discovery.ts';
import { createDispatch } from './dispatch.ts';
import type { DisplayName } from './evidence.ts';
import { createMute } from './muting.ts';
import type { Notifier } from './notifier.ts';
import { createNotifyQueue } from './notify.ts';
import { openOutbox, type NotificationRow } from './outbox.ts';
import { openPeople } from './people.ts';
import { detectors as detectorRegistry, notifiers as notifierRegistry } from './registry.ts';
import { dispatchRulesOf, rulesOf, type AlertingSettings } from './settings.ts';
import { openVerdicts } from './thresholds/verdicts.ts';
import { createWatch } from './watch.ts';

export interface AlertingDeps extends Omit<Context, 'name'> {
  readonly stream: Stream;
  readonly store: Store;
  /** Display names of a series, as the watchlist and the topic list have them. */
  readonly displayName: (series: Series) => DisplayName;
  /** per_feed: live work, event time by feed. global: the replay of one finite feed, event time by its newest document. */
  readonly watermark: 'per_feed' | 'global';
  /** Names of sources that replay a file at a pace beside live ones: nothing may overtake them. */
  readonly replayedFeeds?: readonly string[];
  /** The sector of each watched entity that has one, by ids; none where absent. */
  readonly parents?: ReadonlyMap<string, string>;
  /** What models are known to get wrong, by name@version or *, also put to while it runs; what the settings say where absent. */
  readonly confusion?: ReadonlyMap<string, Confusion>;
  /** Whether other alerting processes write to the same store: then each message is claimed before it is sent. */
  readonly sharedStore?: boolean;
  /** Hears of every change once the store has it; after a crash possibly twice. */
  readonly onAlert?: (alert: Alert) => void;
  /** The machine's clock, for what leaves the machine. */
  readonly wallClock?: Clock;
}

export type Parts = Awaited<ReturnType<typeof openParts>>;

/** This process' name to others on the same store; the same after a restart. */
function ownerOf(state: State): string {
  const table = state.table<string>('alerting.owner');
  const known = table.get('owner');
  if (known !== undefined) return known;
  const owner = randomUUID();
  void table.put('owner', owner);
  return owner;
}

/** @param signal ends the notifiers' requests @throws TidewatchError storage.* */
export async function openParts(settings: AlertingSettings, deps: AlertingDeps, signal: AbortSignal) {
  const { log, state, store } = deps;
  const wallClock = deps.wallClock ?? systemClock;
  const metrics = deps.metrics.stage('alerting');
  const fixed = rulesOf(settings, deps.watermark, deps.replayedFeeds ?? [], deps.parents ?? new Map());
  const rules = { ...fixed, confusion: deps.confusion ?? fixed.confusion };
  const context = { ...deps, clock: wallClock, signal };

  const detectors: Detector[] = [];
  for (const one of settings.detectors) detectors.push(await createComponent<Detector>(detectorRegistry, one, context));
  const notifiers = new Map<string, Notifier>();
  for (const one of settings.notifiers) {
    notifiers.set(one.name, await createComponent<Notifier>(notifierRegistry, one, context));
  }

  const checkpoint = openCheckpoint(state, rules.window.windowMs);
  const outbox = openOutbox(state, store);
  const owner = ownerOf(state);
  const noteOf = (item: string, notifier: string, status: NotificationRow['status'], reason: string) => ({
    item,
    notifier,
    status,
    generation: 1,
    alert_id: item.slice(0, item.indexOf(':')),
    owner,
    at: isoTime(wallClock.now()),
    reason,
  });
  const queue = createNotifyQueue(
    notifiers,
    { maxAttempts: settings.max_attempts, giveUpMs: settings.give_up_hours * 3_600_000 },
    {
      state,
      clock: wallClock,
      uptime: () => performance.now(),
      log,
      metrics,
      signal,
      claims: deps.sharedStore === true ? createClaims(store, owner, wallClock) : null,
      record: ({ notifier, notification, status, reason }) =>
        outbox.note(notification.items.map((item) => noteOf(item, notifier, status, reason))),
    },
  );
  const loaded = checkpoint.load(rules.window.bucketMs);
  const people = openPeople(state, store, { clock: wallClock, log, metrics });
  const { thresholds } = rules;
  const verdicts =
    thresholds === undefined
      ? null
      : openVerdicts(state, store, {
          level: levelOf(rules.falseAlertsPerMonth, rules.window.bucketMs, rules.mostFalseShare),
          windowHours: settings.window_hours,
          log,
        });
  if (verdicts !== null) thresholds?.learn(verdicts.cases());
  const mute = createMute(settings, people.silences, () => dispatch.firing());
  const dispatch = createDispatch(
    dispatchRulesOf(settings),
    [...notifiers].map(([name, { refreshMs }]) => ({ name, refreshMs })),
    {
      // What fell due while nobody ran is told now, so what people have said by now holds. A replay asks as of the time it was due.
      mute: deps.watermark === 'global' ? mute : (alert) => mute(alert, wallClock.now()),
      isAcknowledged: people.isAcknowledged,
    },
    loaded.groups,
  );
  const watch = createWatch(rules, detectors, deps.displayName, loaded.state);
  const { offsets } = loaded;
  return {
    rules,
    wallClock,
    metrics,
    notifiers,
    checkpoint,
    outbox,
    noteOf,
    queue,
    people,
    verdicts,
    dispatch,
    watch,
    offsets,
  };
}
