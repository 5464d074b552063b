/**
 * What a test asks of any page in a real browser: that nobody is shut out (axe), that it fits, that nothing moves by itself, that the
 * keyboard gets there, that something is drawn. Pictures are kept where TIDEWATCH_PICTURES names a folder.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Page } from 'playwright-core';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const PICTURES = process.env['TIDEWATCH_PICTURES'];

/** Every violation of axe's rules, whatever its weight, and where. */
export async function violationsOf(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
    };
    return (await axe.run()).violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ''}`);
  });
}

/** Whether nothing is wider than the window. */
export function fits(page: Page): Promise<boolean> {
  return page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
}

/** Runs in the page, before anything of it: sums up what moved without being asked to (web.dev/cls), and what it was. */
export function watchShifts(): void {
  interface Shift {
    readonly value: number;
    readonly hadRecentInput: boolean;
    readonly sources: readonly { readonly node: Element | null; previousRect: DOMRect; currentRect: DOMRect }[];
  }
  const kept = globalThis as unknown as { shifted: number; shifts: string[] };
  kept.shifted = 0;
  kept.shifts = [];
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries() as unknown as Shift[]) {
      if (entry.hadRecentInput) continue;
      kept.shifted += entry.value;
      const moved = entry.sources.map(({ node, previousRect: from, currentRect: to }) => {
        const by = `${from.x},${from.y} ${from.width}×${from.height} to ${to.x},${to.y} ${to.width}×${to.height}`;
        return `${node?.nodeName ?? '?'}.${node?.className ?? ''} from ${by}`;
      });
      kept.shifts.push(`${entry.value.toFixed(4)} ${moved.join(', ')}`);
    }
  }).observe({ type: 'layout-shift', buffered: true });
}

/** How much of the page has moved by itself, and what: 0 is nothing, 0.1 is what web.dev calls good. */
export async function shiftOf(page: Page): Promise<{ sum: number; what: string[] }> {
  return page.evaluate(() => {
    const { shifted, shifts } = globalThis as unknown as { shifted: number; shifts: string[] };
    return { sum: shifted, what: shifts };
  });
}

/** Presses Tab until `wanted` has the focus. @throws Error where it never does */
export async function tabTo(page: Page, wanted: string, most = 90): Promise<void> {
  for (let step = 0; step < most; step += 1) {
    if (await page.evaluate((selector) => document.activeElement?.matches(selector) === true, wanted)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`The keyboard does not reach ${wanted}.`);
}

/** How many different colours are on each canvas within `selector`: one that nothing was drawn on has one. */
export async function coloursOn(page: Page, selector: string): Promise<number[]> {
  return page.evaluate((within) => {
    return [...document.querySelectorAll<HTMLCanvasElement>(`${within} canvas`)].map((canvas) => {
      const seen = new Set<number>();
      const pixels = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
      for (let at = 0; at < pixels.length; at += 4)
        seen.add(((pixels[at] ?? 0) << 16) | ((pixels[at + 1] ?? 0) << 8) | (pixels[at + 2] ?? 0));
      return seen.size;
    });
  }, selector);
}

/** Keeps a picture of the whole page. */
export async function picture(page: Page, name: string): Promise<void> {
  if (PICTURES !== undefined) await page.screenshot({ path: join(PICTURES, `${name}.png`), fullPage: true });
}
