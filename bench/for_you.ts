/** "For you" against newest-first: the figures of for_you_replay.ts. npx tsx bench/for_you.ts [--analysts 20] [--events 12000] */
import { parseArgs } from 'node:util';
import { CHOICES, replayClicks } from './for_you_replay.ts';

const { values } = parseArgs({
  options: { analysts: { type: 'string', default: '20' }, events: { type: 'string', default: '12000' } },
});
const analysts = Number(values.analysts);
const events = Number(values.events);
const rates = replayClicks(analysts, events);
const percent = (value: number): string => `${(value * 100).toFixed(1)}%`;
console.log(`${analysts} analysts, ${events} events each, ${CHOICES} candidates an event; opened of what was shown`);
for (const [name, { all, parts }] of rates) {
  const mean = all.reduce((sum, rate) => sum + rate, 0) / all.length;
  const error = Math.sqrt(
    all.reduce((sum, rate) => sum + (rate - mean) ** 2, 0) / Math.max(1, all.length - 1) / all.length,
  );
  const quarters = parts.map(({ opened, shown }) => percent(opened / shown)).join(', ');
  console.log(`${name}: ${percent(mean)} ± ${percent(1.96 * error)} (quarters: ${quarters})`);
}
