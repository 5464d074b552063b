/**
 * Contenders by turns, in short rounds because a machine is never alone; ratios are taken within a round, and their median is
 * told.
 */
import type { Contender } from './contenders.ts';

export interface Run {
  readonly perSecond: number;
  /** Texts by second of processor time, all threads. */
  readonly perCpuSecond: number;
  readonly calls: readonly number[];
  readonly labels: readonly string[];
}

export async function measure({ label, size }: Contender, texts: readonly string[]): Promise<Run> {
  const [calls, labels]: [number[], string[]] = [[], []];
  const cpu = process.cpuUsage();
  const began = performance.now();
  for (let from = 0; from < texts.length; from += size) {
    const call = performance.now();
    labels.push(...(await label(texts.slice(from, from + size))));
    calls.push(performance.now() - call);
  }
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return { perSecond: texts.length / seconds, perCpuSecond: (texts.length / (user + system)) * 1e6, calls, labels };
}

const at = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) * share)] ?? NaN;
const median = (values: readonly number[]): number => at(values, 0.5);
export const round = (value: number, digits = 1): number => Number(value.toFixed(digits));

/** Every contender once a round, beginning with another one each time. */
export async function byTurns(
  contenders: readonly Contender[],
  rounds: number,
  textsOf: (round: number) => readonly string[],
) {
  const runs = new Map<string, Run[]>(contenders.map(({ name }) => [name, []]));
  for (const contender of contenders) await contender.label(textsOf(0).slice(0, contender.size));
  for (let turn = 0; turn < rounds; turn += 1) {
    for (let place = 0; place < contenders.length; place += 1) {
      const contender = contenders[(turn + place) % contenders.length] as Contender;
      runs.get(contender.name)?.push(await measure(contender, textsOf(turn)));
    }
    process.stderr.write(`round ${turn + 1} of ${rounds}\n`);
  }
  return runs;
}

export const speed = (runs: readonly Run[] = []): number => median(runs.map(({ perSecond }) => perSecond));
export function tell(runs: ReadonlyMap<string, readonly Run[]>): object {
  return Object.fromEntries(
    [...runs].map(([name, own]) => {
      const calls = own.flatMap((run) => run.calls);
      return [
        name,
        {
          texts_per_second: round(speed(own)),
          texts_per_cpu_second: round(median(own.map((run) => run.perCpuSecond))),
          call_p50_ms: round(median(calls)),
          call_p99_ms: round(at(calls, 0.99)),
        },
      ];
    }),
  );
}
/** Medians over the rounds of how many times faster. */
export function ratio(ours: readonly Run[] = [], theirs: readonly Run[] = []): object {
  const of = (key: 'perSecond' | 'perCpuSecond'): number[] =>
    ours.map((run, turn) => run[key] / (theirs[turn]?.[key] ?? NaN));
  const wall = of('perSecond');
  return {
    median: round(median(wall), 2),
    lowest: round(Math.min(...wall), 2),
    highest: round(Math.max(...wall), 2),
    by_processor_time: round(median(of('perCpuSecond')), 2),
  };
}
