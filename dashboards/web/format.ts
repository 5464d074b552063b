/** Numbers and times as the reader's language writes them. Formatters are made once a language: making one costs more than using it. */

export interface Formats {
  readonly locale: string;
  count(value: number): string;
  /** Large counts made short: 12.4K, 1.2万. */
  short(value: number): string;
  /** A share in [0, 1] as a whole percentage. */
  share(value: number): string;
  /** Difference of two shares in percentage points with its sign, without a unit: "+12", "−3". */
  points(value: number): string;
  /** A count that may be a fraction (author caps): to one decimal below ten, whole above. */
  decimal(value: number): string;
  /** Day and time to the minute. */
  moment(iso: string): string;
  /** The time today, or the day with the time. `now` is epoch milliseconds. */
  recent(iso: string, now: number): string;
  /** Full date, time and zone, for titles. */
  full(iso: string): string;
}

export function formats(language: 'en' | 'zh'): Formats {
  const locale = language === 'zh' ? 'zh-CN' : 'en-GB';
  const count = new Intl.NumberFormat(locale);
  const short = new Intl.NumberFormat(locale, { notation: 'compact', maximumFractionDigits: 1 });
  const share = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 0 });
  const points = new Intl.NumberFormat(locale, { signDisplay: 'exceptZero', maximumFractionDigits: 0 });
  const decimal = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });
  const clock = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  const moment = new Intl.DateTimeFormat(locale, {
    day: 'numeric',
    month: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  const full = new Intl.DateTimeFormat(locale, { dateStyle: 'full', timeStyle: 'long' });
  const sameDay = (a: Date, b: Date): boolean => a.toDateString() === b.toDateString();
  return {
    locale,
    count: (value) => count.format(value),
    short: (value) => (value < 10_000 ? count.format(value) : short.format(value)),
    share: (value) => share.format(value),
    points: (value) => points.format(Math.round(value * 100)).replace('-', '−'),
    decimal: (value) => (value < 10 ? decimal.format(value) : count.format(Math.round(value))),
    moment: (iso) => moment.format(new Date(iso)),
    recent: (iso, now) => {
      const at = new Date(iso);
      return sameDay(at, new Date(now)) ? clock.format(at) : moment.format(at);
    },
    full: (iso) => full.format(new Date(iso)),
  };
}
