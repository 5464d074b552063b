/**
 * A form of Tidewatch that can be hurt: embedded (one process) or distributed (Kafka, a store of its own, a process a
 * stage). The rounds (rounds.ts) know only this: where to post, what faults there are, what waits, what was kept.
 */
import type { Chance } from './chance.ts';

export interface Fault {
  readonly name: string;
  /** Why it cannot strike on this machine; absent where it can. */
  readonly missing?: string;
  /** Strikes and mends; resolves when everything is up again as far as this fault is concerned. Says what it did. */
  run(chance: Chance): Promise<string>;
}

/** One message of a topic as far as the verdict needs it. */
export interface Kept {
  readonly key: string;
  /** The document's address; null for what is no document. */
  readonly url: string | null;
}

export interface Contents {
  /** Topics in their order within a key. */
  readonly documents: readonly Kept[];
  readonly opinions: readonly Kept[];
  /** Dead letters by `topic code`. */
  readonly dead: ReadonlyMap<string, number>;
  /** How many rows readers see (FINAL), by address. */
  readonly storedDocuments: ReadonlyMap<string, number>;
  readonly storedOpinions: ReadonlyMap<string, number>;
  readonly alerts: readonly AlertRow[];
  /** Ids of what people wrote, as often as it is there, and of what the audit log says that they wrote. */
  readonly actions: readonly string[];
  readonly audited: ReadonlySet<string>;
}

export interface AlertRow {
  readonly alert_id: string;
  readonly revision: number;
  readonly state: string;
  readonly entity: string;
  /** Epoch milliseconds. */
  readonly started_at: number;
}

export interface Form {
  readonly name: string;
  /** What it runs on, for the report. */
  readonly kind: string;
  readonly tideUrl: string;
  readonly bulkUrl: string;
  readonly pageUrl: string;
  readonly faults: readonly Fault[];
  /** Messages that wait for the classifier and for alerting; null while nobody can tell. */
  waiting(): Promise<number | null>;
  /** Junk that was put into topics so far, as dead letters by `topic code`. */
  junk(): ReadonlyMap<string, number>;
  /** Programs that ended without being killed, by name. */
  deaths(): ReadonlyMap<string, number>;
  /** Stops every stage as an operator would, and looks at what was kept. */
  finish(): Promise<Contents>;
  /** Ends everything and removes it. */
  close(): Promise<void>;
}

export interface FormOptions {
  /** Folder for logs and data; removed by whoever made it. */
  readonly folder: string;
  readonly webhookUrl: string;
  readonly secret: string;
  readonly modelPort: number;
  /** How long "away for minutes" is here. */
  readonly awayMs: number;
}
