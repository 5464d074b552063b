/**
 * The time zone of who asks: yesterday is over at their midnight. The readers of times reckon in a calendar without zones, which is
 * that of UTC; a zone shifts a moment into it and back, so that no reader needs to know of zones. Over a change of the clocks what is
 * counted back in hours is one hour off: nobody who says "the last 12 hours" means it to the hour.
 */

export interface Zone {
  /** The same figures on the clock of the zone, as if they were UTC's; epoch milliseconds, as below. */
  toLocal(at: number): number;
  toUtc(local: number): number;
  /** As people call it about that time, for one who reads a sentence: China Standard Time, 中国标准时间. */
  called(language: 'en' | 'zh', at: number): string;
}

export const UTC: Zone = { toLocal: (at) => at, toUtc: (local) => local, called: () => 'UTC' };

const OFFSET = /GMT(?:([+-])(\d{2}):(\d{2})(?::(\d{2}))?)?$/;

/** The zone of an IANA name such as Asia/Shanghai; null for one that this process does not know. */
export function zoneOf(name: string): Zone | null {
  if (name === 'UTC') return UTC;
  let offsets: Intl.DateTimeFormat;
  try {
    offsets = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' });
  } catch {
    return null;
  }
  const offset = (at: number): number => {
    const [, sign, hours, minutes, seconds] = OFFSET.exec(offsets.format(at)) ?? [];
    const secs = Number(hours ?? 0) * 3_600 + Number(minutes ?? 0) * 60 + Number(seconds ?? 0);
    return (sign === '-' ? -secs : secs) * 1000;
  };
  return {
    toLocal: (at) => at + offset(at),
    toUtc(local) {
      // The offset that holds there is known once one is about there.
      const at = local - offset(local - offset(local));
      // A midnight that the clocks leave out is when they go on.
      return at + Math.max(0, local - (at + offset(at)));
    },
    called(language, at) {
      const locale = language === 'zh' ? 'zh-CN' : 'en-GB';
      const parts = new Intl.DateTimeFormat(locale, { timeZone: name, timeZoneName: 'longGeneric' }).formatToParts(at);
      return parts.find(({ type }) => type === 'timeZoneName')?.value ?? name;
    },
  };
}
