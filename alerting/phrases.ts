/** Numbers as reasons say them. */

/** Whole numbers from 10 on, else one decimal: 17.6 reads 18, 2.13 reads 2.1. */
export function decimal(value: number): string {
  return Math.abs(value) >= 10 ? String(Math.round(value)) : value.toFixed(1);
}

export function percent(share: number): string {
  return `${Math.round(share * 100)}%`;
}

export function probability(p: number): string {
  return p >= 0.001 ? p.toFixed(3) : p.toExponential(1);
}

/** A factor or a small rate: two digits that count. */
export function factor(value: number): string {
  return value >= 100 ? String(Math.round(value)) : value.toPrecision(2);
}
