/** The `alerting.thresholds` section: off unless it says otherwise. */
import { z } from 'zod';
import type { BanditRules } from './bandit.ts';

export const thresholdSettings = z
  .strictObject({
    learn: z
      .boolean()
      .default(false)
      .describe(
        'Whether verdicts on alerts move the level of false discovery, by group of series and within `factors`.',
      ),
    factors: z
      .array(z.number().min(0.001).max(10))
      .min(2)
      .max(9)
      .default([0.03, 0.1, 0.3, 1, 3])
      .describe('What the level may be multiplied by, ascending, 1 among them; its ends are the bounds.'),
    useful: z.number().gt(0).max(100).default(1).describe('Worth of a useful alert.'),
    noise: z.number().gt(0).max(100).default(1).describe('Cost of a noisy or wrong one.'),
    missed: z.number().min(0).max(100).default(1).describe('Cost of a useful one that was not raised.'),
    half_life_days: z.number().min(1).max(3650).default(90).describe('A verdict that old counts half.'),
    seed: z.int().min(0).default(1).describe('Draws with the same seed, day and verdicts are the same.'),
  })
  .superRefine(({ factors }, context) => {
    const fail = (message: string): void => context.addIssue({ code: 'custom', path: ['factors'], message });
    if (!factors.includes(1)) fail('must have 1 among them: the level that the settings ask for');
    if (factors.some((factor, index) => index > 0 && factor <= (factors[index - 1] ?? 0))) fail('must be ascending');
  });
export type ThresholdSettings = z.output<typeof thresholdSettings>;

/** Null where nothing is to be learned. */
export function banditRulesOf(settings: ThresholdSettings): BanditRules | null {
  if (!settings.learn) return null;
  const { factors, useful, noise, missed, half_life_days, seed } = settings;
  return { factors, useful, noise, missed, halfLifeMs: half_life_days * 86_400_000, seed };
}
