/** Weighted least squares for a few dozen unknowns, by the normal equations and Gaussian elimination with pivots. Pure. */
export interface Row {
  readonly factors: readonly number[];
  readonly target: number;
  readonly weight: number;
}

/** A little of the identity, so that unknowns that the rows leave open become 0 instead of infinite. */
const RIDGE = 1e-9;

/** The unknowns x with the least Σ weight · (factors · x - target)². */
export function solve(rows: readonly Row[]): number[] {
  const count = rows[0]?.factors.length ?? 0;
  // Each line: the matrix' row, then the right-hand side.
  const lines = Array.from({ length: count }, (_, i) => {
    const line = new Float64Array(count + 1);
    line[i] = RIDGE;
    return line;
  });
  for (const { factors, target, weight } of rows) {
    factors.forEach((factor, i) => {
      const line = lines[i];
      if (line === undefined || factor === 0) return;
      factors.forEach((other, j) => {
        line[j] = (line[j] ?? 0) + weight * factor * other;
      });
      line[count] = (line[count] ?? 0) + weight * factor * target;
    });
  }
  for (let column = 0; column < count; column += 1) {
    let pivot = column;
    for (let row = column + 1; row < count; row += 1) {
      if (Math.abs(lines[row]?.[column] ?? 0) > Math.abs(lines[pivot]?.[column] ?? 0)) pivot = row;
    }
    const [chosen, displaced] = [lines[pivot], lines[column]];
    if (chosen === undefined || displaced === undefined) break;
    lines[column] = chosen;
    lines[pivot] = displaced;
    const own = chosen;
    const head = own[column] ?? 1;
    lines.forEach((line, row) => {
      if (row === column) return;
      const share = (line[column] ?? 0) / head;
      if (share !== 0) for (let j = column; j <= count; j += 1) line[j] = (line[j] ?? 0) - share * (own[j] ?? 0);
    });
  }
  return lines.map((line, i) => (line[count] ?? 0) / (line[i] ?? 1));
}
