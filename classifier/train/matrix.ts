/** The little linear algebra that fitting a map needs: products, moments, ridge regression by Cholesky, principal axes by Jacobi. Row-major. */

/** A (rows × inner) · B (inner × columns). */
export function product(a: Float32Array, rows: number, inner: number, b: Float32Array, columns: number): Float32Array {
  const out = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row += 1) {
    const target = out.subarray(row * columns, (row + 1) * columns);
    for (let at = 0; at < inner; at += 1) {
      const factor = a[row * inner + at] as number;
      const from = at * columns;
      for (let column = 0; column < columns; column += 1)
        target[column] = (target[column] as number) + factor * (b[from + column] as number);
    }
  }
  return out;
}

/** Aᵀ · B of A (rows × n) and B (rows × m), in double precision. */
function crossed(a: Float32Array, b: Float32Array, rows: number, n: number, m: number): Float64Array {
  const out = new Float64Array(n * m);
  for (let row = 0; row < rows; row += 1) {
    for (let i = 0; i < n; i += 1) {
      const factor = a[row * n + i] as number;
      const to = i * m;
      const from = row * m;
      for (let j = 0; j < m; j += 1) out[to + j] = (out[to + j] as number) + factor * (b[from + j] as number);
    }
  }
  return out;
}

/** Mean and standard deviation of each column. */
export function moments(
  values: Float32Array,
  rows: number,
  width: number,
): { mean: Float64Array; deviation: Float64Array } {
  const [mean, square] = [new Float64Array(width), new Float64Array(width)];
  for (let at = 0; at < values.length; at += 1) {
    const [column, own] = [at % width, values[at] ?? 0];
    mean[column] = (mean[column] ?? 0) + own / rows;
    square[column] = (square[column] ?? 0) + (own * own) / rows;
  }
  const deviation = square.map((own, column) => Math.sqrt(Math.max(0, own - (mean[column] ?? 0) ** 2)) + 1e-6);
  return { mean, deviation };
}

/** Aᵀ · A, of which half is computed and mirrored. */
function gram(a: Float32Array, rows: number, n: number): Float64Array {
  const out = new Float64Array(n * n);
  for (let row = 0; row < rows; row += 1) {
    const from = row * n;
    for (let i = 0; i < n; i += 1) {
      const factor = a[from + i] as number;
      const to = i * n;
      for (let j = i; j < n; j += 1) out[to + j] = (out[to + j] as number) + factor * (a[from + j] as number);
    }
  }
  for (let i = 0; i < n; i += 1) for (let j = 0; j < i; j += 1) out[i * n + j] = out[j * n + i] as number;
  return out;
}

/** The W that minimises |X·W − Y|² + penalty·|W|²: X is rows × inputs, Y rows × outputs, W inputs × outputs. */
export function choleskySolve(
  x: Float32Array,
  y: Float32Array,
  rows: number,
  inputs: number,
  outputs: number,
  penalty: number,
): Float64Array {
  const normal = gram(x, rows, inputs);
  for (let i = 0; i < inputs; i += 1) normal[i * inputs + i] = (normal[i * inputs + i] as number) + penalty;
  const solution = crossed(x, y, rows, inputs, outputs);
  // Lower triangle in place: L·Lᵀ = normal.
  for (let i = 0; i < inputs; i += 1) {
    for (let j = 0; j <= i; j += 1) {
      let sum = normal[i * inputs + j] as number;
      for (let k = 0; k < j; k += 1) sum -= (normal[i * inputs + k] as number) * (normal[j * inputs + k] as number);
      if (i === j && !(sum > 0))
        throw new RangeError('The features leave nothing to fit: give more texts or more ridge.');
      normal[i * inputs + j] = i === j ? Math.sqrt(sum) : sum / (normal[j * inputs + j] as number);
    }
  }
  const reduce = (i: number, k: number, factor: number): void => {
    for (let o = 0; o < outputs; o += 1)
      solution[i * outputs + o] =
        (solution[i * outputs + o] as number) - factor * (solution[k * outputs + o] as number);
  };
  const divide = (i: number): void => {
    const pivot = normal[i * inputs + i] as number;
    for (let o = 0; o < outputs; o += 1) solution[i * outputs + o] = (solution[i * outputs + o] as number) / pivot;
  };
  for (let i = 0; i < inputs; i += 1) {
    for (let k = 0; k < i; k += 1) reduce(i, k, normal[i * inputs + k] as number);
    divide(i);
  }
  for (let i = inputs - 1; i >= 0; i -= 1) {
    for (let k = i + 1; k < inputs; k += 1) reduce(i, k, normal[k * inputs + i] as number);
    divide(i);
  }
  return solution;
}

/** The `kept` axes along which centred rows spread most, as columns: width × kept. Jacobi's rotations of the covariance. */
export function principalAxes(values: Float32Array, rows: number, width: number, kept: number): Float32Array {
  const matrix = gram(values, rows, width);
  const axes = new Float64Array(width * width);
  for (let i = 0; i < width; i += 1) axes[i * width + i] = 1;
  const at = (i: number, j: number): number => matrix[i * width + j] as number;
  for (let sweep = 0; sweep < 12; sweep += 1) {
    let off = 0;
    for (let p = 0; p < width; p += 1) {
      for (let q = p + 1; q < width; q += 1) {
        const own = at(p, q);
        off += own * own;
        if (Math.abs(own) < 1e-12) continue;
        const turn = (at(q, q) - at(p, p)) / (2 * own);
        const tangent = Math.sign(turn || 1) / (Math.abs(turn) + Math.sqrt(turn * turn + 1));
        const cosine = 1 / Math.sqrt(tangent * tangent + 1);
        rotate(matrix, width, p, q, cosine, tangent * cosine, true);
        rotate(axes, width, p, q, cosine, tangent * cosine, false);
      }
    }
    if (off < 1e-14 * rows * rows) break;
  }
  const order = Array.from({ length: width }, (_, i) => i).sort((a, b) => at(b, b) - at(a, a));
  const out = new Float32Array(width * kept);
  for (let column = 0; column < kept; column += 1)
    for (let row = 0; row < width; row += 1)
      out[row * kept + column] = axes[row * width + (order[column] ?? 0)] as number;
  return out;
}

function rotate(m: Float64Array, width: number, p: number, q: number, c: number, s: number, isBoth: boolean): void {
  for (let k = 0; k < width; k += 1) {
    const [x, y] = [m[k * width + p] as number, m[k * width + q] as number];
    m[k * width + p] = c * x - s * y;
    m[k * width + q] = s * x + c * y;
  }
  if (!isBoth) return;
  for (let k = 0; k < width; k += 1) {
    const [x, y] = [m[p * width + k] as number, m[q * width + k] as number];
    m[p * width + k] = c * x - s * y;
    m[q * width + k] = s * x + c * y;
  }
}
