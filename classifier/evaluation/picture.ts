/**
 * An evaluation as a picture: for each set the reliability diagram (how often the model is right where it says that it is
 * this sure) and the confusion matrix (rows: gold, columns: said, shaded by the share of the row). One SVG without script or
 * fonts of its own, so that it can be committed and looked at anywhere. Pure.
 */
import type { Evaluation, Group } from './evaluation.ts';
import { ECE_BINS, type Bin, type Figures } from './measures.ts';
import { percent } from './table.ts';

const SIDE = 220;
const LABEL_WIDTH = 190;
const PANEL_WIDTH = SIDE * 2 + LABEL_WIDTH + 110;
const PANEL_HEIGHT = SIDE + 170;
const COLUMNS = 2;

export function pictureOf({ model, split, groups }: Evaluation): string {
  const shown = groups.filter(({ set, figures, multi }) => set !== 'all' && (figures ?? multi) !== null);
  const rows = Math.ceil(shown.length / COLUMNS);
  const [width, height] = [PANEL_WIDTH * COLUMNS + 20, PANEL_HEIGHT * rows + 60];
  const panels = shown.map((group, index) => {
    const [x, y] = [20 + (index % COLUMNS) * PANEL_WIDTH, 60 + Math.floor(index / COLUMNS) * PANEL_HEIGHT];
    return `<g transform="translate(${x} ${y})">${panel(group)}</g>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="11" fill="#1f2933">
<title>${escaped(`${model} on ${split}: calibration and confusion`)}</title>
<rect width="${width}" height="${height}" fill="#ffffff"/>
<text x="20" y="32" font-size="18" font-weight="600">${escaped(`${model} on ${split}`)}</text>
${panels.join('\n')}
</svg>
`;
}

function panel({ set, lang, task, figures, multi, masked }: Group): string {
  const score =
    figures === null
      ? `micro-F1 ${percent(multi?.micro_f1 ?? 0)}, ECE ${percent(multi?.ece ?? 0)}, ${multi?.rows ?? 0} rows`
      : `accuracy ${percent(figures.accuracy)}, macro-F1 ${percent(figures.macro_f1)}, ECE ${percent(figures.ece)}, ${figures.rows} rows`;
  const mask = masked === null ? '' : '; labels that the set does not know are masked';
  return [
    text(0, 0, `${set} · ${lang} · ${task}`, 'font-size="13" font-weight="600"'),
    text(0, 16, `${score}${mask}`, 'fill="#52606d"'),
    `<g transform="translate(30 30)">${reliability(figures?.bins ?? multi?.bins ?? [])}</g>`,
    figures === null ? '' : `<g transform="translate(${SIDE + 50 + LABEL_WIDTH} 30)">${confusion(figures)}</g>`,
  ].join('');
}

function reliability(bins: readonly Bin[]): string {
  const step = SIDE / ECE_BINS;
  const most = bins.reduce((sum, { rows }) => Math.max(sum, rows), 1);
  const bars = bins.map(({ rows, accuracy, confidence }, index) => {
    if (rows === 0) return '';
    const x = index * step;
    return [
      `<rect x="${n(x + 1)}" y="${n(SIDE * (1 - accuracy))}" width="${n(step - 2)}" height="${n(SIDE * accuracy)}" fill="#2f6f9f" fill-opacity="${n(0.25 + (0.75 * rows) / most)}"><title>${rows} rows, sure ${percent(confidence)}%, right ${percent(accuracy)}%</title></rect>`,
      `<circle cx="${n(SIDE * confidence)}" cy="${n(SIDE * (1 - accuracy))}" r="2" fill="#b4232a"/>`,
    ].join('');
  });
  return [
    `<rect width="${SIDE}" height="${SIDE}" fill="none" stroke="#cbd2d9"/>`,
    ...bars,
    `<line x1="0" y1="${SIDE}" x2="${SIDE}" y2="0" stroke="#7b8794" stroke-dasharray="4 3"/>`,
    text(SIDE / 2, SIDE + 16, 'how sure it is', 'text-anchor="middle"'),
    text(0, SIDE + 16, '0', 'text-anchor="middle"'),
    text(SIDE, SIDE + 16, '1', 'text-anchor="middle"'),
    `<text transform="translate(-8 ${SIDE / 2}) rotate(-90)" text-anchor="middle">how often right</text>`,
  ].join('');
}

/** Only labels that occur, as gold or as answer: 23 kinds of event are seldom all there. */
function confusion({ labels, confusion: counts }: Figures): string {
  const places = labels
    .map((_, place) => place)
    .filter((place) =>
      counts.some((row, gold) => (row[place] ?? 0) > 0 || (gold === place && row.some((count) => count > 0))),
    );
  const step = SIDE / Math.max(1, places.length);
  const size = Math.min(11, step - 1).toFixed(1);
  const cells = places.flatMap((gold, y) => {
    const row = counts[gold] ?? [];
    const total = Math.max(
      1,
      row.reduce((sum, count) => sum + count, 0),
    );
    return places.map((said, x) => {
      const count = row[said] ?? 0;
      const share = count / total;
      const colour = gold === said ? '#2f6f9f' : '#b4232a';
      const number =
        step >= 26
          ? text(
              (x + 0.5) * step,
              (y + 0.5) * step + 4,
              `${count}`,
              `text-anchor="middle" fill="${share > 0.6 ? '#ffffff' : '#1f2933'}"`,
            )
          : '';
      const hint = `<title>${escaped(`${labels[gold] ?? ''} → ${labels[said] ?? ''}: ${count}`)}</title>`;
      return `<rect x="${n(x * step)}" y="${n(y * step)}" width="${n(step)}" height="${n(step)}" fill="${colour}" fill-opacity="${n(share)}" stroke="#e4e7eb" stroke-width="0.5">${hint}</rect>${number}`;
    });
  });
  const names = places.flatMap((place, index) => {
    const at = (index + 0.5) * step;
    const label = labels[place] ?? '';
    return [
      text(-6, at + 4, label, `text-anchor="end" font-size="${size}"`),
      `<text transform="translate(${n(at + 3)} ${SIDE + 8}) rotate(40)" font-size="${size}">${escaped(label)}</text>`,
    ];
  });
  return [...cells, ...names].join('');
}

const n = (value: number): string => value.toFixed(2).replace(/\.?0+$/, '');

function text(x: number, y: number, content: string, attributes = ''): string {
  return `<text x="${n(x)}" y="${n(y)}" ${attributes}>${escaped(content)}</text>`;
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
