/** The canvases of a chart as one picture, with its title and what it shows in words: a picture travels without the page. */
import { resolveColours } from './theme.ts';

const PADDING = 16;
const TITLE = 18;
const NOTE = 12;

/** @param container holds the canvases, one below the other. Null where it has none, or the browser makes no picture */
export function pictureOf(container: HTMLElement, title: string, note: string): Promise<Blob | null> {
  const canvases = [...container.querySelectorAll('canvas')];
  const ratio = devicePixelRatio;
  const width = Math.max(0, ...canvases.map((canvas) => canvas.width));
  const [first] = canvases;
  if (first === undefined || width === 0) return Promise.resolve(null);
  const top = (PADDING * 2 + TITLE + NOTE) * ratio;
  const picture = document.createElement('canvas');
  picture.width = width + 2 * PADDING * ratio;
  picture.height = top + canvases.reduce((sum, canvas) => sum + canvas.height, 0) + PADDING * ratio;
  const context = picture.getContext('2d');
  if (context === null) return Promise.resolve(null);
  const { card, ink, muted } = resolveColours(['card', 'ink', 'muted'] as const);
  const { fontFamily } = getComputedStyle(container);
  context.fillStyle = card;
  context.fillRect(0, 0, picture.width, picture.height);
  const write = (text: string, y: number, size: number, weight: number, colour: string): void => {
    context.fillStyle = colour;
    context.font = `${weight} ${size * ratio}px ${fontFamily}`;
    context.fillText(text, PADDING * ratio, y * ratio, width);
  };
  write(title, PADDING + TITLE - 3, TITLE - 2, 600, ink);
  write(note, PADDING + TITLE + NOTE + 3, NOTE, 400, muted);
  let y = top;
  for (const canvas of canvases) {
    context.drawImage(canvas, PADDING * ratio, y);
    y += canvas.height;
  }
  return new Promise((resolve) => picture.toBlob(resolve, 'image/png'));
}
