/**
 * HTML to plain text by htmlparser2: script, style and the like dropped, entities decoded, block elements become
 * blanks. Rejected: regular expressions over tags (quadratic on hostile input, wrong on attributes with ">").
 */
import { Parser } from 'htmlparser2';

const DROPPED = new Set(['script', 'style', 'noscript', 'template', 'iframe', 'object', 'svg', 'head', 'form']);
const BLOCKS = new Set(
  'address article aside blockquote br caption dd div dl dt figcaption figure footer h1 h2 h3 h4 h5 h6 header hr li main nav ol option p pre section table tbody td tfoot th thead title tr ul'.split(
    ' ',
  ),
);
const LOOKS_LIKE_HTML =
  /<\/?(?:a|abbr|b|blockquote|br|div|em|figure|font|h[1-6]|hr|i|iframe|img|li|ol|p|pre|script|small|span|strong|style|sub|sup|table|td|tr|u|ul)(?:\s[^<>]*)?\/?>|&(?:amp|lt|gt|quot|apos|nbsp|[lr][sd]quo|hellip|[mn]dash|#\d{1,7}|#x[\da-f]{1,6});/i;

/** Whether a text that does not say so is HTML: it has a common tag or entity. "profit <3%" is not. */
export function looksLikeHtml(text: string): boolean {
  return LOOKS_LIKE_HTML.test(text);
}

/** The text of an HTML fragment. White space is left as it comes; cleanText folds it. */
export function htmlToText(html: string): string {
  const pieces: string[] = [];
  let dropping = 0;
  const parser = new Parser(
    {
      onopentagname(name) {
        if (DROPPED.has(name)) dropping += 1;
        if (BLOCKS.has(name)) pieces.push(' ');
      },
      ontext(text) {
        if (dropping === 0) pieces.push(text);
      },
      onclosetag(name) {
        if (DROPPED.has(name)) dropping -= 1;
        if (BLOCKS.has(name)) pieces.push(' ');
      },
    },
    { decodeEntities: true, lowerCaseTags: true },
  );
  parser.end(html);
  return pieces.join('');
}
