import { inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { chartPng } from '../../alerting/chart_png.ts';
import { alertOf } from './alerts.ts';

function pixelAt(png: Buffer, x: number, y: number): number[] {
  const width = png.readUInt32BE(16);
  const start = png.indexOf('IDAT') + 4;
  const rows = inflateSync(png.subarray(start, start + png.readUInt32BE(start - 8)));
  const at = y * (width * 3 + 1) + 1 + x * 3;
  return [...rows.subarray(at, at + 3)];
}

describe('the chart as PNG', () => {
  const png = chartPng(alertOf());

  it('is a small picture with the judged window in red, as high as it goes', () => {
    expect(png?.subarray(1, 4).toString()).toBe('PNG');
    expect([png?.readUInt32BE(16), png?.readUInt32BE(20)]).toEqual([640, 200]);
    expect(png?.length).toBeLessThan(5000);
    const last = Math.round(640 - 12 - 616 / 12);
    expect(pixelAt(png ?? Buffer.alloc(0), last, 20)).toEqual([200, 48, 48]);
    expect(pixelAt(png ?? Buffer.alloc(0), 40, 20)).toEqual([255, 255, 255]);
  });

  it('is the same each time, and absent without evidence', () => {
    expect(chartPng(alertOf())?.equals(png ?? Buffer.alloc(0))).toBe(true);
    expect(chartPng(alertOf({ evidence: null }))).toBeNull();
  });

  it('draws nothing at all as an empty ground', () => {
    const evidence = alertOf().evidence;
    const chart = (evidence?.chart ?? []).map((point) => ({ ...point, observed: 0, expected: 0, low: 0, high: 0 }));
    expect(chartPng({ evidence: evidence === null ? null : { ...evidence, chart } })).not.toBeNull();
  });
});
