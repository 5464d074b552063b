/**
 * A component is one object: name, summary, settings, create. Validation, `tidewatch list`, the generated settings page
 * and the editor's JSON schema all derive from it. Rejected: classes with decorators, and plug-in discovery by folder:
 * a registry line is greppable.
 */
import type { z } from 'zod';
import type { Clock } from './clock.ts';
import type { HttpClient } from './http.ts';
import type { Logger } from './log.ts';
import type { Metrics } from './metrics.ts';
import type { State } from './state/state.ts';

/** What every component is given besides its own settings. */
export interface Context {
  /** The name of this instance, unique within its kind: a source's name, a notifier's name. */
  readonly name: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Aborts when the process is asked to stop; every wait listens to it. */
  readonly signal: AbortSignal;
  readonly http: HttpClient;
  /** Small durable facts: cursors, ETags, queues. */
  readonly state: State;
}

export interface Component<Settings extends z.ZodObject, Instance> {
  readonly name: string;
  /** One sentence, shown by `tidewatch list` and in docs/settings.md. */
  readonly summary: string;
  /** Settings without the `type` tag; each with `.describe()`. */
  readonly settings: Settings;
  create(settings: z.output<Settings>, context: Context): Instance | Promise<Instance>;
}

/** Keeps a component's literal types while checking its shape. */
export function defineComponent<Settings extends z.ZodObject, Instance>(
  component: Component<Settings, Instance>,
): Component<Settings, Instance> {
  return component;
}
