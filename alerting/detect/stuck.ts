/**
 * A gauge that stopped moving: how improbable the present run of equal values is. Runs of a series that moves on by
 * chance are geometric, and the longest of n past ones has a probability of about 1/n; so one k times as long has n^-k.
 * Said only of runs clearly longer than the longest, since a count may rest at 0 every night. Rejected: a low standard
 * deviation, which calls every quiet hour broken.
 */
export interface Stuck {
  /** Decades of improbability of the run that the value pushed last belongs to. */
  decades(): number;
  push(value: number): void;
}

const LEAST_RUNS = 100;
const LONGER_BY = 4;
const LONGER_TIMES = 1.5;

export function createStuck(): Stuck {
  let last = Number.NaN;
  let run = 0;
  let runs = 0;
  let longest = 0;
  return {
    push(value) {
      if (value === last) {
        run += 1;
        return;
      }
      if (run > 0) runs += 1;
      longest = Math.max(longest, run);
      last = value;
      run = 1;
    },
    decades() {
      if (runs < LEAST_RUNS || run < LONGER_TIMES * longest + LONGER_BY) return 0;
      return (Math.log10(runs) * run) / longest;
    },
  };
}
