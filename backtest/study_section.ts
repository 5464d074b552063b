/** What prices did after alerts, beside the placebo: picture, table, and what neither must be read without. */
import { escapeMarkup } from '../core/markup.ts';
import { LEAST_ALERTS, type Study } from './event_study.ts';
import { studyPicture } from './pictures.ts';

/** @param priceNotes what is to be known about the prices, in sentences */
export function studySection(study: Study, priceNotes: readonly string[]): string {
  const { rows, market } = study;
  const notes = [...studyNotes(study), ...priceNotes].map((note) => `<p class="note">${escapeMarkup(note)}</p>`);
  const lines = rows.map(
    ({ days, alerts: count, mean, interval, placebo, placeboInterval, rank }) =>
      `<tr><td>${days}</td><td>${count}</td><td>${percent(mean)}</td><td>${percent(interval[0])} to ${percent(interval[1])}</td><td>${percent(placebo)}</td><td>${percent(placeboInterval[0])} to ${percent(placeboInterval[1])}</td><td>${(rank * 100).toFixed(0)}%</td></tr>`,
  );
  const kind =
    market === null
      ? 'Returns are raw: what the market did is in them.'
      : `Returns are less those of ${market} over the same days.`;
  const picture =
    rows.length === 0
      ? ''
      : `<figure><figcaption>Mean return (dot, 95% interval) over random days (band, 95% of placebos)</figcaption>${studyPicture(study)}</figure>`;
  return `<section><h2>Prices after alerts</h2><p>From the first close on a day after people were told. ${escapeMarkup(kind)} The placebo draws a random day of the same entity for each of these alerts, 2,000 times; the last column is the part of its means at or below ours. Alerts that lie near each other share days, which the interval does not know.</p>${notes.join('')}${picture}<table><thead><tr><th>Trading days</th><th>Alerts</th><th>Mean return</th><th>95% interval</th><th>Placebo</th><th>95% of placebos</th><th>Rank</th></tr></thead><tbody>${lines.join('')}</tbody></table></section>`;
}

/** What the table must not be read without. */
function studyNotes({ rows, usable, leftOut, withoutPrices }: Study): string[] {
  const few = rows.filter(({ tooFew }) => tooFew).map(({ days }) => days);
  const notes: string[] = [];
  if (few.length === rows.length)
    notes.push(
      `Only ${Math.max(0, ...rows.map(({ alerts }) => alerts))} alerts have prices after them: too few to say anything. The table is shown for what it is.`,
    );
  else if (few.length > 0)
    notes.push(
      `Over ${few.join(', ')} trading days fewer than ${LEAST_ALERTS} alerts have a return: too few to say anything. Those rows are shown for what they are.`,
    );
  if (leftOut > 0)
    notes.push(
      `Left out, because told before or after all prices of the entity or in a gap of them: ${leftOut} of ${usable + leftOut} alerts.`,
    );
  if (withoutPrices > 0) notes.push(`Left out, because their entities have no prices: ${withoutPrices} alerts.`);
  return notes;
}

function percent(part: number): string {
  return `${part > 0 ? '+' : ''}${(part * 100).toFixed(2)}%`;
}
