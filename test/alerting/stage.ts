/** The alerting stage on real planes (LMDB state and log, chdb) in one folder, for tests. */
import { join } from 'node:path';
import { createAlerting, type Alerting } from '../../alerting/alerting.ts';
import type { AlertingDeps } from '../../alerting/parts.ts';
import { alertingSettings } from '../../alerting/settings.ts';
import { systemClock } from '../../core/clock.ts';
import type { Alert } from '../../core/event.ts';
import { createHttpClient } from '../../core/http.ts';
import { createMetrics, type Metrics } from '../../core/metrics.ts';
import { openState } from '../../core/state/lmdb.ts';
import type { State } from '../../core/state/state.ts';
import type { Store } from '../../core/store/store.ts';
import { embeddedStreamSettings, openEmbeddedStream } from '../../core/stream/embedded.ts';
import { TOPICS, type Stream } from '../../core/stream/stream.ts';
import { quietLog } from './alerts.ts';

export interface Stage {
  readonly alerting: Alerting;
  readonly state: State;
  readonly stream: Stream;
  readonly metrics: Metrics;
  readonly alerts: Alert[];
  /** Resolves when every opinion appended so far is acknowledged. */
  drained(): Promise<void>;
  /** Stops the stage and closes its planes, but not the store. */
  close(): Promise<void>;
}

export interface StageOptions {
  readonly settings?: object;
  readonly deps?: Partial<AlertingDeps>;
  /** Stands between the stage and its planes: for crashes at chosen points. */
  readonly around?: { state?: (state: State) => State; stream?: (stream: Stream) => Stream };
}

export async function openStage(folder: string, store: Store, options: StageOptions = {}): Promise<Stage> {
  const state = await openState(join(folder, 'state'));
  const stream = await openEmbeddedStream(embeddedStreamSettings.parse({}), {
    folder: join(folder, 'stream'),
    clock: systemClock,
    log: quietLog,
  });
  const http = createHttpClient({ userAgent: 'test' });
  const metrics = createMetrics();
  const abort = new AbortController();
  const alerts: Alert[] = [];
  await stream.createGroup(TOPICS.documents, 'classifier');
  const alerting = await createAlerting(
    alertingSettings.parse({ checkpoint_secs: 0.05, notifiers: [], ...options.settings }),
    {
      clock: systemClock,
      log: quietLog,
      metrics,
      signal: abort.signal,
      http,
      state: options.around?.state?.(state) ?? state,
      stream: options.around?.stream?.(stream) ?? stream,
      store,
      displayName: ({ entity, topic }) => ({ en: entity ?? topic ?? '', zh: entity ?? topic ?? '' }),
      watermark: 'global',
      onAlert: (alert) => alerts.push(alert),
      ...options.deps,
    },
  );
  return {
    alerting,
    state,
    stream,
    metrics,
    alerts,
    async drained() {
      while ((await stream.lag(TOPICS.opinions, 'alerting')).messages > 0) await systemClock.sleep(10);
    },
    async close() {
      abort.abort(new Error('The test is over.'));
      await alerting.stop();
      await stream.close();
      await state.close();
      await http.close();
    },
  };
}

/** The value of a stage's counter with that label. */
export async function counted(metrics: Metrics, name: string, reason?: string): Promise<number> {
  const values = (await metrics.registry.getSingleMetric(name)?.get())?.values ?? [];
  return values
    .filter(({ labels }) => reason === undefined || labels['reason'] === reason || labels['code'] === reason)
    .reduce((sum, { value }) => sum + value, 0);
}
