/**
 * A message as Markdown of the little that DingTalk and WeCom both show: headings, bold, quotes, links. Neither knows a way
 * to escape a character, so what would be read as layout or as a mention is put in its full-width form: 【text】 stays
 * readable, and a title can neither break the layout nor call anybody.
 */
import { cut, type Message } from './message.ts';

const FULL_WIDTH: Readonly<Record<string, string>> = {
  '[': '［',
  ']': '］',
  '(': '（',
  ')': '）',
  '<': '＜',
  '>': '＞',
  '*': '＊',
  '#': '＃',
  '`': '｀',
  '@': '＠',
  '!': '！',
  _: '＿',
};

/** Plain text that no robot reads as markup. */
export function plain(text: string): string {
  return text.replace(/[[\]()<>*#`@!_]/g, (character) => FULL_WIDTH[character] ?? character);
}

/** A message as lines. */
export interface MarkdownLines {
  /** The most important first: where a limit cuts, the last ones go. */
  readonly body: readonly string[];
  /** The link to the page and the footer, which stay whatever is cut. */
  readonly end: readonly string[];
}

/** Longest address that is shown as a link. */
export const LINK_LENGTH = 500;

export function markdownLines({ template, title, sections, page, footer }: Message): MarkdownLines {
  const lines = [`### ${plain(cut(title, 200))}`];
  for (const [index, { headline, summary, facts, stories, sparkline }] of sections.entries()) {
    if (index > 0) lines.push('', `**${plain(cut(headline, 200))}**`);
    lines.push('', plain(cut(summary, 600)));
    if (sparkline !== '') lines.push('', sparkline);
    for (const { label, value } of facts) lines.push('', `> **${plain(label)}** ${plain(cut(value, 300))}`);
    for (const { title: story, source, url, copies } of stories) {
      const shown = plain(cut(story, 120));
      const link = url === null || url.length > LINK_LENGTH ? shown : `[${shown}](${linkTarget(url)})`;
      lines.push('', `- ${link} ${plain(cut(source, 60))}${copies === '' ? '' : ` ${plain(copies)}`}`);
    }
  }
  const link = page === null || page.length > LINK_LENGTH ? [] : ['', `[${template.page}](${linkTarget(page)})`];
  return { body: lines, end: [...link, '', plain(cut(footer, 200))] };
}

/**
 * The languages of a message within `bytes` of UTF-8, with `between` between them. Where they do not fit, each gets its part
 * of the room: cut from the end of all, the second would be gone before the first lost a line.
 */
export function withinBytes(languages: readonly MarkdownLines[], bytes: number, between: string): string {
  const whole = languages.map(({ body, end }) => [...body, ...end].join('\n')).join(between);
  if (Buffer.byteLength(whole) <= bytes) return whole;
  const gaps = Buffer.byteLength(between) * (languages.length - 1);
  const room = Math.floor((bytes - gaps) / languages.length);
  return languages.map((one) => cutTo(one, room)).join(between);
}

/** Lines joined until `bytes` of UTF-8 are full; a mark says that something was left out. */
function cutTo({ body, end }: MarkdownLines, bytes: number): string {
  const whole = [...body, ...end].join('\n');
  if (Buffer.byteLength(whole) <= bytes) return whole;
  const rest = ['…', ...end].join('\n');
  let text = '';
  for (const line of body) {
    const longer = `${text}${line}\n`;
    if (Buffer.byteLength(longer + rest) > bytes) break;
    text = longer;
  }
  return `${text}${rest}`;
}

/** An address that ends a Markdown link nowhere but at its end. */
export function linkTarget(url: string): string {
  return url.replace(/[()<>\s]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}
