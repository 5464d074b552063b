/** What these answers would have a model's temperatures, thresholds and confusion be. Pure. */
import type { Heads } from '../labels.ts';
import { probabilitiesOf, rowsOf, type Answered } from './answers.ts';
import { fitSigmoidTemperature, fitTemperature, fitThresholds } from './calibrate.ts';
import type { Calibration } from './evaluation.ts';

export function calibrations(answered: readonly Answered[], heads: Heads): Record<string, Calibration> {
  const found: Record<string, Calibration> = {};
  for (const name of ['sentiment', 'topic', 'event', 'entity_sentiment'] as const) {
    const head = heads[name];
    const rows = rowsOf(answered, name);
    if (head === null || rows.length === 0) continue;
    found[name] = { temperature: head.temperature, fitted_temperature: rounded(fitTemperature(rows)) };
  }
  const rows = rowsOf(answered, 'topics_zh');
  if (heads.topics_zh !== null && rows.length > 0) {
    const { temperature, thresholds, labels } = heads.topics_zh;
    const fitted = fitSigmoidTemperature(rows);
    found['topics_zh'] = {
      temperature,
      fitted_temperature: rounded(fitted),
      thresholds,
      fitted_thresholds: fitThresholds(rows, labels.length, fitted),
    };
  }
  return found;
}

const rounded = (value: number): number => Math.round(value * 1000) / 1000;

export function meanProbabilities(answered: readonly Answered[], heads: Heads): number[][] | null {
  const rows = answered.filter(({ question, row }) => question.task === 'sentiment' && row.possible === null);
  const means = (heads.sentiment?.labels ?? []).map((_, truth) => {
    const own = rows.filter(({ row }) => row.gold[0] === truth);
    const sums = own.map((one) => probabilitiesOf(one, heads.sentiment?.temperature ?? 1));
    return (heads.sentiment?.labels ?? []).map((_label, label) =>
      rounded(sums.reduce((sum, probabilities) => sum + (probabilities[label] ?? 0), 0) / own.length),
    );
  });
  return means.every((row) => row.every(Number.isFinite)) ? means : null;
}
