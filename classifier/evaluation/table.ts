/** An evaluation as lines for a terminal: one a set, language and task. */
import type { Evaluation, Group } from './evaluation.ts';
import type { Interval } from './measures.ts';

export const percent = (value: number): string => (100 * value).toFixed(1);
const between = ({ low, high }: Interval): string => `${percent(low)}–${percent(high)}`;

const HEADINGS = [
  'set',
  'lang',
  'task',
  'rows',
  'accuracy',
  '95%',
  'macro-F1',
  '95%',
  'ECE',
  'ECE fitted',
  'may answer',
  'open accuracy',
] as const;
const NUMBERS = new Set([3, 4, 6, 8, 9, 11]);

/** The cells of one line. For several labels a text, accuracy is exact matches and the F1 is micro. */
export function cellsOf({ set, lang, task, masked, figures, multi, open, ece_fitted }: Group): string[] {
  const about = [set, lang, task];
  if (multi !== null) {
    const { rows, exact, micro_f1, micro_f1_interval, ece } = multi;
    return [
      ...about,
      `${rows}`,
      percent(exact),
      '',
      `${percent(micro_f1)} µ`,
      between(micro_f1_interval),
      percent(ece),
      '',
      '',
      '',
    ];
  }
  if (figures === null) return about;
  return [
    ...about,
    `${figures.rows}`,
    percent(figures.accuracy),
    between(figures.accuracy_interval),
    percent(figures.macro_f1),
    between(figures.macro_f1_interval),
    percent(figures.ece),
    ece_fitted === null ? '' : percent(ece_fitted),
    masked === null
      ? ''
      : masked.length === 0
        ? 'by set'
        : masked.length > 3
          ? `${masked.length} labels`
          : masked.join(', '),
    open === null ? '' : percent(open.accuracy),
  ];
}

export function tableOf(evaluation: Evaluation): string {
  const { calibration, normaliser, robustness, skipped } = evaluation;
  const heads = Object.entries(calibration).map(
    ([name, { temperature, fitted_temperature }]) => `${name} ${temperature} (fitted here: ${fitted_temperature})`,
  );
  const kinds = robustness.map(({ kind, rows, before, after }) => [kind, `${rows}`, percent(before), percent(after)]);
  return [
    `${evaluation.model} on ${evaluation.split}, percentages`,
    aligned([[...HEADINGS], ...evaluation.groups.map(cellsOf)], NUMBERS),
    ...Object.entries(skipped).map(
      ([file, lines]) => `${file}: ${lines} lines left out: no JSON, no text, or no label that the model has`,
    ),
    `Temperatures: ${heads.join('; ')}`,
    ...(evaluation.mean_probabilities === null
      ? []
      : [
          'Mean probabilities by true class, as a setting that takes these errors out of what alerting sums:\n' +
            `alerting:\n  confusion:\n    - model: ${evaluation.model}\n      matrix: ${JSON.stringify(evaluation.mean_probabilities)}`,
        ]),
    `The normaliser changes ${normaliser.changed} of ${normaliser.texts} texts; on the ${normaliser.asked} questions about them accuracy is ${percent(normaliser.before)} without it and ${percent(normaliser.after)} with it.`,
    ...(kinds.length === 0
      ? []
      : [
          'Robustness: accuracy of the sentiment on texts as they are written, and after the normaliser',
          aligned([['kind', 'rows', 'before', 'after'], ...kinds], new Set([1, 2, 3])),
        ]),
  ].join('\n\n');
}

/** Columns as wide as they must be; a Chinese sign takes two places. */
function aligned(rows: readonly (readonly string[])[], numbers: ReadonlySet<number>): string {
  const width = (cell: string): number =>
    Array.from(cell).reduce((sum, sign) => sum + (/\p{Script=Han}/u.test(sign) ? 2 : 1), 0);
  const widths = rows.reduce<number[]>(
    (all, row) => row.map((cell, column) => Math.max(all[column] ?? 0, width(cell))),
    [],
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) => {
          const blank = ' '.repeat(Math.max(0, (widths[column] ?? 0) - width(cell)));
          return numbers.has(column) ? `${blank}${cell}` : `${cell}${blank}`;
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
