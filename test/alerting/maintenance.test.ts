import { describe, expect, it } from 'vitest';
import { isWithin, maintenanceAt, maintenanceSchema } from '../../alerting/maintenance.ts';

const window = (settings: object) => maintenanceSchema.parse({ name: 'upkeep', ...settings });
const at = (time: string): number => Date.parse(time);

describe('maintenance windows', () => {
  it('come again on their weekdays, by the clock of their zone', () => {
    const nights = window({ weekdays: ['sat'], from: '22:00', to: '23:30', zone: 'Asia/Shanghai' });
    // Saturday 7 March 2026, 22:00 in Shanghai is 14:00 UTC.
    expect(isWithin(nights, at('2026-03-07T14:00:00Z'))).toBe(true);
    expect(isWithin(nights, at('2026-03-07T15:29:59Z'))).toBe(true);
    expect(isWithin(nights, at('2026-03-07T15:30:00Z'))).toBe(false);
    expect(isWithin(nights, at('2026-03-07T13:59:59Z'))).toBe(false);
    expect(isWithin(nights, at('2026-03-08T14:00:00Z'))).toBe(false);
  });

  it('belong to the day on which they begin when they go over midnight', () => {
    const night = window({ weekdays: ['fri'], from: '22:00', to: '06:00' });
    expect(isWithin(night, at('2026-03-06T23:00:00Z'))).toBe(true);
    expect(isWithin(night, at('2026-03-07T05:59:00Z'))).toBe(true);
    expect(isWithin(night, at('2026-03-07T06:00:00Z'))).toBe(false);
    expect(isWithin(night, at('2026-03-06T05:00:00Z'))).toBe(false);
  });

  it('keep local time when the clocks change', () => {
    const morning = window({ from: '09:00', to: '10:00', zone: 'Europe/London' });
    expect(isWithin(morning, at('2026-03-28T09:30:00Z'))).toBe(true);
    expect(isWithin(morning, at('2026-03-30T08:30:00Z'))).toBe(true);
    expect(isWithin(morning, at('2026-03-30T09:30:00Z'))).toBe(false);
  });

  it('know days of the month from either end, and months', () => {
    const closing = window({ days_of_month: [-1], months: [2, 3] });
    expect(isWithin(closing, at('2028-02-29T12:00:00Z'))).toBe(true);
    expect(isWithin(closing, at('2028-02-28T12:00:00Z'))).toBe(false);
    expect(isWithin(closing, at('2026-04-30T12:00:00Z'))).toBe(false);
  });

  it('are of the alerts that match, or of all', () => {
    const now = at('2026-03-07T14:00:00Z');
    const banks = window({ matchers: ['sector="banks"'] });
    expect(maintenanceAt([banks], { sector: 'banks' }, now)).toBe('upkeep');
    expect(maintenanceAt([banks], { sector: 'retail' }, now)).toBeNull();
    expect(maintenanceAt([window({})], {}, now)).toBe('upkeep');
  });

  it('refuse a zone or a time that is none', () => {
    expect(() => window({ zone: 'Europe/Atlantis' })).toThrow(/time zone/);
    expect(() => window({ from: '25:00' })).toThrow(/time of day/);
  });
});
