/** The setting of sources whose times may say no zone: Chinese sites write Beijing's clock and nothing more. */
import { z } from 'zod';
import type { RawItem } from '../source.ts';
import { isTimeZone, timeInZone } from '../time.ts';

export const timeZone = z
  .string()
  .refine(isTimeZone, 'It must be a time zone such as Asia/Shanghai or +08:00')
  .optional()
  .describe('Zone of its times that do not say one; absent: UTC.');

export function inZone(item: RawItem, zone: string | undefined): RawItem {
  const { published_at } = item;
  return zone === undefined || published_at === undefined
    ? item
    : { ...item, published_at: timeInZone(published_at, zone) };
}
