/**
 * Refractory rest: one incident is one detection, however many odd rows it has. A row keeps its evidence only if it beats
 * the strongest of the last rows: by a little while those were unremarkable, by a lot once one of them was a finding, so
 * that a thing which goes from bad to worse is still said. The rest lasts a share of all rows seen so far: a young series
 * has short incidents, and nothing but its age says how long "again" is. Rejected: a fixed threshold with a
 * fixed rest, which needs the threshold that the reader has not chosen yet.
 */
export interface RestRules {
  readonly share: number;
  readonly leastRows: number;
  readonly mostRows: number;
  /** Decades from which a row counts as a finding. */
  readonly finding: number;
  readonly beatUnremarkable: number;
  readonly beatFinding: number;
}

export interface Rest {
  /** The row's decades, or 0 while an earlier row speaks for it. */
  admit(decades: number): number;
}

export function createRest(rules: RestRules): Rest {
  // Rows of the last rest that no later row has beaten: strongest first (a monotone queue).
  const rows: number[] = [];
  const strengths: number[] = [];
  let seen = 0;
  return {
    admit(decades) {
      const length = Math.min(rules.mostRows, Math.max(rules.leastRows, Math.floor(seen * rules.share)));
      while (rows.length > 0 && (rows[0] ?? 0) < seen - length) {
        rows.shift();
        strengths.shift();
      }
      const strongest = strengths[0] ?? 0;
      const margin = strongest < rules.finding ? rules.beatUnremarkable : rules.beatFinding;
      while (strengths.length > 0 && (strengths.at(-1) ?? 0) <= decades) {
        rows.pop();
        strengths.pop();
      }
      rows.push(seen);
      strengths.push(decades);
      seen += 1;
      return decades > strongest + margin ? decades : 0;
    },
  };
}
