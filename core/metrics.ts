/**
 * Prometheus metrics: the same five for every stage, so that one dashboard row serves any stage. `documents in - out`
 * is what a stage holds or refused; every refusal is counted by its error code.
 */
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import { createStreamMetrics, type StreamMetrics } from './stream/stream_metrics.ts';

export type StageName = 'ingest' | 'classifier' | 'alerting' | 'dashboards';

export interface StageMetrics {
  in(count: number): void;
  out(count: number): void;
  /** `code` is an ErrorCode, or a counted reason for leaving a document out (`duplicate_id`, `late`, ...). */
  error(code: string, count?: number): void;
  skipped(reason: string, count?: number): void;
  seconds(value: number): void;
  /** Age in seconds of the oldest document that waits for this stage. */
  lag(seconds: number): void;
}

/** What the classifier says of its model besides the five. */
export interface ModelMetrics {
  /** Opinions whose confidence was below `classifier.abstain_below`. */
  abstained(count: number): void;
  /** Population stability index of recent opinions against the model's own reference. */
  drift(measure: string, psi: number): void;
  /** The model that labels from now on. */
  current(model: string): void;
  /** A swap of models that was asked for: done, or refused with the old model kept. */
  swap(result: 'done' | 'refused'): void;
}

export interface Metrics {
  readonly registry: Registry;
  stage(name: StageName): StageMetrics;
  readonly model: ModelMetrics;
  readonly stream: StreamMetrics;
}

export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const labelNames = ['stage'] as const;
  const documentsIn = new Counter({
    name: 'tidewatch_documents_in_total',
    help: 'Documents that a stage took in.',
    labelNames,
    registers,
  });
  const documentsOut = new Counter({
    name: 'tidewatch_documents_out_total',
    help: 'Documents (alert changes, for alerting) that a stage handed on.',
    labelNames,
    registers,
  });
  const errors = new Counter({
    name: 'tidewatch_errors_total',
    help: 'Errors of a stage by code.',
    labelNames: ['stage', 'code'] as const,
    registers,
  });
  const skipped = new Counter({
    name: 'tidewatch_documents_skipped_total',
    help: 'Documents that a stage left out on purpose, by reason.',
    labelNames: ['stage', 'reason'] as const,
    registers,
  });
  const seconds = new Histogram({
    name: 'tidewatch_batch_seconds',
    help: 'Seconds that a stage spent on one batch.',
    labelNames,
    buckets: [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60],
    registers,
  });
  const lag = new Gauge({
    name: 'tidewatch_lag_seconds',
    help: 'Age of the oldest document that waits for a stage.',
    labelNames,
    registers,
  });
  const abstained = new Counter({
    name: 'tidewatch_opinions_abstained_total',
    help: 'Opinions whose confidence was below classifier.abstain_below.',
    labelNames,
    registers,
  });
  const drift = new Gauge({
    name: 'tidewatch_model_drift_psi',
    help: 'Population stability index of recent opinions against the reference of the model, by measure: sentiment, topic, confidence. Above 0.1 look, above 0.25 act.',
    labelNames: ['stage', 'measure'] as const,
    registers,
  });
  const modelInfo = new Gauge({
    name: 'tidewatch_model_info',
    help: '1 for the model that labels now.',
    labelNames: ['stage', 'model'] as const,
    registers,
  });
  const swaps = new Counter({
    name: 'tidewatch_model_swaps_total',
    help: 'Swaps of the model that were asked for, by result: done, or refused with the old model kept.',
    labelNames: ['stage', 'result'] as const,
    registers,
  });
  const stage = 'classifier';
  return {
    registry,
    stream: createStreamMetrics(registry),
    model: {
      abstained: (count) => abstained.inc({ stage }, count),
      drift: (measure, psi) => drift.set({ stage, measure }, psi),
      current(model) {
        modelInfo.reset();
        modelInfo.set({ stage, model }, 1);
        // What was measured of the model before it says nothing of this one, which may have no reference to be measured by.
        drift.reset();
      },
      swap: (result) => swaps.inc({ stage, result }),
    },
    stage: (stage) => ({
      in: (count) => documentsIn.inc({ stage }, count),
      out: (count) => documentsOut.inc({ stage }, count),
      error: (code, count = 1) => errors.inc({ stage, code }, count),
      skipped: (reason, count = 1) => skipped.inc({ stage, reason }, count),
      seconds: (value) => seconds.observe({ stage }, value),
      lag: (value) => lag.set({ stage }, value),
    }),
  };
}
