/**
 * Series of our own that look like mentions of a company counted every 5 minutes: whole numbers, a daily and a weekly
 * swing, overdispersion, autocorrelated busyness, and many short heavy-tailed bursts that nobody would call an event,
 * with a few planted events in each. Made because the benchmark's tweet volumes are not in the corpus that settings are chosen on.
 */
import { drawFrom } from './random.ts';
import type { LabelledSeries } from './nab_corpus.ts';

const STEP_MS = 300_000;
const DAY_ROWS = 288;

/** `rows` rows of each of `count` series; windows are a tenth of a series, shared among its events, as NAB labels. */
export function volumeLike(count: number, rows: number, seed: number): LabelledSeries[] {
  return Array.from({ length: count }, (_, index) => one(index, rows, seed * 1000 + index));
}

function one(index: number, rows: number, seed: number): LabelledSeries {
  const draw = drawFrom(seed);
  const level = 2 * 60 ** draw.uniform();
  const size = 2 + 10 * draw.uniform();
  const swing = 0.3 + 0.6 * draw.uniform();
  const tail = 1.1 + 0.9 * draw.uniform();
  const burstRate = (1 + 3 * draw.uniform()) / DAY_ROWS;
  const times = new Float64Array(rows);
  const values = new Float64Array(rows);
  const extra = new Float64Array(rows);
  for (let row = 0; row < rows; row += 1) {
    if (draw.uniform() > burstRate) continue;
    const height = 0.6 * draw.pareto(tail);
    const length = 1 + draw.below(4);
    for (let k = 0; k < length && row + k < rows; k += 1) extra[row + k] = (extra[row + k] ?? 0) + height * 0.6 ** k;
  }
  const events = 2 + draw.below(3);
  const half = Math.floor(rows / 20 / events);
  const windows: [number, number][] = [];
  for (let event = 0; event < events; event += 1) {
    const room = (rows * 0.84) / events;
    const at = Math.floor(rows * 0.16 + event * room + half + draw.uniform() * (room - 2 * half));
    windows.push([at - half, Math.min(rows - 1, at + half)]);
    const kind = draw.uniform();
    const height = kind < 0.5 ? 8 + 8 * draw.pareto(1.5) : 1 + 2 * draw.uniform();
    const length = kind < 0.5 ? 4 + draw.below(24) : 36 + draw.below(100);
    for (let k = 0; k < length && at + k < rows; k += 1) {
      extra[at + k] = (extra[at + k] ?? 0) + height * (kind < 0.5 ? 0.85 ** k : 1);
    }
  }
  let busy = 0;
  for (let row = 0; row < rows; row += 1) {
    times[row] = Date.UTC(2026, 1, 26, 21, 42) + row * STEP_MS;
    busy = 0.97 * busy + 0.05 * draw.normal();
    const day = 1 + swing * Math.sin((2 * Math.PI * (row - 100)) / DAY_ROWS);
    const weekend = Math.floor(row / DAY_ROWS) % 7 >= 5 ? 0.6 : 1;
    values[row] = draw.negativeBinomial(level * day * weekend * Math.exp(busy) * (1 + (extra[row] ?? 0)), size);
  }
  return { name: `volumes/${index}.csv`, category: 'volumes', times, values, windows };
}
