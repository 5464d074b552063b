import { describe, expect, it } from 'vitest';
import { alertingSettings, rulesOf } from '../../alerting/settings.ts';

function refusal(settings: object): string {
  const parsed = alertingSettings.safeParse(settings);
  return parsed.success
    ? ''
    : parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('\n');
}

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

describe('the alerting settings', () => {
  it('need nothing: surge and the console by default', () => {
    const settings = alertingSettings.parse({});
    expect(settings.detectors).toMatchObject([{ type: 'surge', name: 'surge', fire_score: 3, min_stories: 6 }]);
    expect(settings.notifiers).toMatchObject([{ type: 'console', name: 'console' }]);
    expect(settings.send).toEqual(['firing', 'resolved']);
  });

  it('become milliseconds for the pure parts', () => {
    const rules = rulesOf(alertingSettings.parse({}), 'global', []);
    expect(rules.window).toEqual({
      bucketMs: 3_600_000,
      windowMs: 28_800_000,
      authorCap: 2,
      halfLifeMs: 1_209_600_000,
    });
    expect(rules.lifecycle.refractoryMs).toBe(86_400_000);
  });

  it('refuse thresholds without hysteresis', () => {
    expect(refusal({ clear_score: 5 })).toContain('clear_score: must be below the fire_score of surge (3)');
    expect(refusal({ critical_score: 1.5 })).toContain('critical_score: must be above clear_score');
  });

  it('refuse a window that is no whole number of buckets, and buckets that do not fit a day', () => {
    expect(refusal({ bucket_mins: 45, window_hours: 8 })).toContain('window_hours: must be a whole number of buckets');
    expect(refusal({ bucket_mins: 50, window_hours: 5 })).toContain('bucket_mins: must divide a day');
  });

  it('refuse a history shorter than what a feed must have', () => {
    expect(refusal({ history_days: 5, min_history_hours: 120 })).toContain('min_history_hours: must be within');
  });

  it('refuse a shift whose history is too short for it ever to fire', () => {
    const shift = (recent_days: number, history_days: number) =>
      refusal({ history_days, detectors: [{ type: 'shift', name: 'slow', recent_days }] });
    expect(shift(15, 28)).toBe(
      "detectors: slow's recent_days of 15 needs history_days of at least 30, not 28: as many days before say what is usual",
    );
    expect([shift(15, 60), shift(14, 28)]).toEqual(['', '']);
  });

  it('refuse two notifiers of one name', () => {
    const hook = { type: 'webhook', url: 'https://example.com/hook', secret };
    expect(refusal({ notifiers: [hook, hook] })).toContain('two are named webhook');
    expect(refusal({ notifiers: [hook, { ...hook, name: 'second' }] })).toBe('');
  });

  it('refuse a webhook secret that is none, without showing it', () => {
    const hook = { type: 'webhook', url: 'https://example.com/hook' };
    expect(refusal({ notifiers: [{ ...hook, secret: 'hunter2' }] })).toContain('a Standard Webhooks secret');
    expect(refusal({ notifiers: [{ ...hook, secret: 'hunter2' }] })).not.toContain('hunter2');
    expect(refusal({ notifiers: [{ ...hook, secret: 'whsec_c2hvcnQ=' }] })).toContain('24 to 64 bytes');
    expect(refusal({ notifiers: [{ ...hook, url: 'file:///etc/passwd', secret }] })).not.toBe('');
  });
});
