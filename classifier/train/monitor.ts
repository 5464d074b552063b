/**
 * How a run is doing on a sample of the development sets, in a line a set and head: the share of rows whose best class is
 * allowed, and micro-F1 for heads with several labels. Only to be watched and to stop early by; the figures that are
 * reported come from `tidewatch evaluate`, of the served model.
 */
import type { Row } from './data.ts';
import { HEADS } from './labels.ts';

export interface Score {
  set: string;
  head: string;
  rows: number;
  /** 0 to 1. */
  score: number;
}

/** Scores by set and head, of rows in their order and their logits. */
export function scores(rows: readonly Row[], logits: Record<string, readonly (readonly number[])[]>): Score[] {
  const out: Score[] = [];
  for (const set of new Set(rows.map((row) => row.set))) {
    for (const { name, kind } of HEADS) {
      let [count, right, said, wanted] = [0, 0, 0, 0];
      for (const [index, row] of rows.entries()) {
        const target = row.targets[name];
        const own = logits[name]?.[index];
        if (row.set !== set || target === undefined || own === undefined) continue;
        const value = (label: number): number => own[label] ?? -Infinity;
        count += 1;
        if (kind === 'multi_label') {
          const chosen = own.flatMap((logit, label) => (logit > 0 ? [label] : []));
          right += chosen.filter((label) => target.allowed.includes(label)).length;
          said += chosen.length;
          wanted += target.allowed.length;
        } else {
          const best = target.possible.reduce((top, label) => (value(label) > value(top) ? label : top));
          right += target.allowed.includes(best) ? 1 : 0;
          said += 1;
          wanted += 1;
        }
      }
      if (count > 0) out.push({ set, head: name, rows: count, score: (2 * right) / Math.max(1, said + wanted) });
    }
  }
  return out;
}
