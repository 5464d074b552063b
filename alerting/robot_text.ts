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

/** The message as lines, the most important first: where a limit cuts, the end goes. */
export function markdownLines({ template, title, sections, page, footer }: Message): string[] {
  const lines = [`### ${plain(cut(title, 200))}`];
  for (const [index, { headline, summary, facts, stories, sparkline }] of sections.entries()) {
    if (index > 0) lines.push('', `**${plain(cut(headline, 200))}**`);
    lines.push('', plain(cut(summary, 600)));
    if (sparkline !== '') lines.push('', sparkline);
    for (const { label, value } of facts) lines.push('', `> **${plain(label)}** ${plain(cut(value, 300))}`);
    for (const { title: story, source, url, copies } of stories) {
      const shown = plain(cut(story, 120));
      const link = url === null || url.length > 500 ? shown : `[${shown}](${linkTarget(url)})`;
      lines.push('', `- ${link} ${plain(cut(source, 60))}${copies === '' ? '' : ` ${plain(copies)}`}`);
    }
  }
  if (page !== null) lines.push('', `[${template.page}](${linkTarget(page)})`);
  lines.push('', plain(cut(footer, 200)));
  return lines;
}

/** Lines joined until `bytes` of UTF-8 are full; a mark says that something was left out. */
export function withinBytes(lines: readonly string[], bytes: number): string {
  const whole = lines.join('\n');
  if (Buffer.byteLength(whole) <= bytes) return whole;
  let text = '';
  for (const line of lines) {
    const longer = text === '' ? line : `${text}\n${line}`;
    if (Buffer.byteLength(longer) > bytes - 4) break;
    text = longer;
  }
  return `${text}\n…`;
}

/** An address that ends a Markdown link nowhere but at its end. */
export function linkTarget(url: string): string {
  return url.replace(/[()<>\s]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}
