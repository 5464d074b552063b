/** What a run says of itself every few seconds: the mean losses since it last spoke, its speed, and the time left. */
import type { Progress } from './checkpoint.ts';
import type { StepLoss } from './run.ts';

export interface ProgressReport {
  step: number;
  /** Epochs done, with their fraction. */
  epoch: number;
  loss: number;
  /** Mean loss of each head over the rows that speak to it. */
  byHead: Record<string, number>;
  learningRate: number;
  examplesPerSecond: number;
  minutesLeft: number;
}

/** Means since the last report. */
export class ProgressMeter {
  private steps = 0;
  private rows = 0;
  private loss = 0;
  private ms = 0;
  private rate = 0;
  private heads = new Map<string, { sum: number; count: number }>();

  add(loss: StepLoss, rows: number, ms: number): void {
    this.steps += 1;
    this.rows += rows;
    this.ms += ms;
    this.loss += loss.total;
    this.rate = loss.rate;
    for (const [name, value] of Object.entries(loss.byHead)) {
      const { sum, count } = this.heads.get(name) ?? { sum: 0, count: 0 };
      this.heads.set(name, { sum: sum + value, count: count + 1 });
    }
  }

  /** The report once `everyMs` have been added up, and null before; then starts anew. */
  report(everyMs: number, progress: Progress, batches: number, share: number, peak: number): ProgressReport | null {
    if (this.steps === 0 || this.ms < everyMs) return null;
    const report: ProgressReport = {
      step: progress.step,
      epoch: progress.epoch + progress.position / Math.max(1, batches),
      loss: this.loss / this.steps,
      byHead: Object.fromEntries([...this.heads].map(([name, { sum, count }]) => [name, sum / count])),
      learningRate: peak * this.rate,
      examplesPerSecond: (this.rows / Math.max(1, this.ms)) * 1000,
      minutesLeft: share === 0 ? 0 : Math.max(0, (progress.elapsedMs / 60_000 / share) * (1 - share)),
    };
    this.steps = this.rows = this.ms = this.loss = 0;
    this.heads = new Map();
    return report;
  }
}

export function progressLine({ step, epoch, loss, byHead, examplesPerSecond, minutesLeft }: ProgressReport): string {
  const heads = Object.entries(byHead).map(([name, value]) => `${name} ${value.toFixed(3)}`);
  const speed = `${examplesPerSecond.toFixed(1)} examples/s`;
  const left = `${minutesLeft.toFixed(1)} min left`;
  return [`step ${step}`, `epoch ${epoch.toFixed(2)}`, `loss ${loss.toFixed(4)}`, speed, left, heads.join(', ')].join(
    '  ',
  );
}
