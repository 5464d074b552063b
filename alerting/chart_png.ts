/**
 * An alert's chart as a PNG, for mail and chat, which show no SVG: a bar for what was observed in each window, the judged
 * one in red, a mark for what was expected and a band for its 95% interval. Without words: the message around it has them,
 * in the reader's language, and fonts are not ours to carry. Drawn into a plain array and packed by zlib (PNG
 * specification, 3rd edition: signature, IHDR, IDAT, IEND; filter 0). Rejected: a rasteriser of SVG (a binary more for
 * three rectangles a window).
 */
import { crc32, deflateSync } from 'node:zlib';
import type { Alert } from '../core/event.ts';

const WIDTH = 640;
const HEIGHT = 200;
const MARGIN = 12;

type Colour = readonly [number, number, number];
const PAPER: Colour = [255, 255, 255];
const AXIS: Colour = [190, 198, 206];
const BAND: Colour = [226, 233, 240];
const USUAL: Colour = [88, 120, 150];
const JUDGED: Colour = [200, 48, 48];
const EXPECTED: Colour = [30, 40, 50];

/** The picture, or null where the alert has no evidence to draw. */
export function chartPng({ evidence }: Pick<Alert, 'evidence'>): Buffer | null {
  const points = evidence?.chart ?? [];
  if (points.length === 0) return null;
  const pixels = Buffer.alloc(WIDTH * HEIGHT * 3);
  const fill = (left: number, top: number, right: number, bottom: number, [red, green, blue]: Colour): void => {
    for (let y = Math.max(0, Math.round(top)); y < Math.min(HEIGHT, Math.round(bottom)); y += 1) {
      for (let x = Math.max(0, Math.round(left)); x < Math.min(WIDTH, Math.round(right)); x += 1) {
        const at = (y * WIDTH + x) * 3;
        pixels[at] = red;
        pixels[at + 1] = green;
        pixels[at + 2] = blue;
      }
    }
  };
  const most = Math.max(1e-9, ...points.map(({ observed, high, expected }) => Math.max(observed, high, expected)));
  const floor = HEIGHT - MARGIN;
  const level = (value: number): number => floor - (Math.max(0, value) / most) * (HEIGHT - 2 * MARGIN);
  const step = (WIDTH - 2 * MARGIN) / points.length;
  fill(0, 0, WIDTH, HEIGHT, PAPER);
  for (const [index, { observed, expected, low, high }] of points.entries()) {
    const left = MARGIN + index * step;
    fill(left, level(high), left + step, Math.max(level(low), level(high) + 1), BAND);
    const colour = index === points.length - 1 ? JUDGED : USUAL;
    fill(left + step * 0.2, level(observed), left + step * 0.8, floor, colour);
    fill(left + step * 0.08, level(expected) - 1, left + step * 0.92, level(expected) + 1, EXPECTED);
  }
  fill(MARGIN, floor, WIDTH - MARGIN, floor + 1, AXIS);
  return encode(pixels);
}

function encode(pixels: Buffer): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(WIDTH, 0);
  header.writeUInt32BE(HEIGHT, 4);
  // 8 bits a channel, red-green-blue, no interlace.
  header.set([8, 2, 0, 0, 0], 8);
  const rows = Buffer.alloc((WIDTH * 3 + 1) * HEIGHT);
  for (let y = 0; y < HEIGHT; y += 1) {
    pixels.copy(rows, y * (WIDTH * 3 + 1) + 1, y * WIDTH * 3, (y + 1) * WIDTH * 3);
  }
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  body.copy(framed, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}
