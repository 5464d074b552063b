/** A length of time in words, in the one unit that says it best: 45 sec, 12 min, 3 hr, 2 days. */
import type { InterfaceLanguage } from './i18n.ts';

const UNITS = [
  ['second', 1],
  ['minute', 60],
  ['hour', 3_600],
  ['day', 86_400],
] as const;

export function durationOf(secs: number, language: InterfaceLanguage): string {
  const [unit, size] = UNITS.findLast(([, least]) => secs >= least) ?? UNITS[0];
  const options = {
    style: 'unit',
    unit,
    unitDisplay: 'long',
    maximumFractionDigits: secs < 10 * size ? 1 : 0,
  } as const;
  return new Intl.NumberFormat(language === 'zh' ? 'zh-CN' : 'en-GB', options).format(Math.max(0, secs) / size);
}
