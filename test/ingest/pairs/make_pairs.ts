/** Pairs of texts with the truth about them, made from sentences.ts by a seeded generator: the same pairs everywhere. */
import { CHINESE, ENGLISH, NAMES, TEMPLATES } from './sentences.ts';

export interface Pair {
  readonly kind: string;
  readonly a: string;
  readonly b: string;
  readonly isCopy: boolean;
}

type Draw = () => number;

function seeded(seed: number): Draw {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const pickOf = <Item>(items: readonly Item[], draw: Draw): Item => items[Math.floor(draw() * items.length)] as Item;

const FULL_WIDTH: Readonly<Record<string, string>> = {
  ',': '，',
  '.': '。',
  ':': '：',
  '?': '？',
  '!': '！',
  '(': '（',
  ')': '）',
  ';': '；',
};
const toFullWidth = (text: string): string =>
  text
    .replace(/[,.:?!();]/g, (sign) => FULL_WIDTH[sign] ?? sign)
    .replace(/\d/g, (digit) => String.fromCharCode(digit.charCodeAt(0) + 0xfee0));
const toHalfWidth = (text: string): string =>
  Object.entries(FULL_WIDTH)
    .reduce((result, [half, full]) => result.replaceAll(full, half), text)
    .replaceAll('、', ',')
    .replaceAll('“', '"')
    .replaceAll('”', '"');

const PREFIXES = {
  en: [
    'UPDATE 2-',
    'BREAKING: ',
    'EASTGATE, March 12 (Harbour Wire) - ',
    'RT @ledgerpost: ',
    'EXCLUSIVE-',
    '[Markets] ',
    'WRAPUP 1-',
    'JUST IN: ',
  ],
  zh: ['快讯：', '【快讯】', '突发！', '潮汐社东门3月8日电（记者 程砚）', '独家：', '【公告】', '更新：', '重磅｜'],
};
const SUFFIXES = {
  en: [
    ' - Harbour Wire',
    ' | Business | Ledger Post',
    ' (Reporting by A. Quay)',
    ' https://example.com/x1',
    ' via @ledgerpost',
  ],
  zh: ['_东门财经', '（来源：潮汐社）', ' - 股海论坛', '（编辑：苏叶）', ' https://example.com/x2'],
};

/** One word (or two Han characters) is replaced, as a desk does. */
function edited(text: string, language: 'en' | 'zh', draw: Draw): string {
  if (language === 'zh') {
    const at = 4 + Math.floor(draw() * (text.length - 8));
    return `${text.slice(0, at)}已经${text.slice(at + (draw() < 0.5 ? 1 : 0))}`;
  }
  const words = text.split(' ');
  const lower = words.flatMap((word, index) => (index > 0 && /^[a-z]{4,}$/.test(word) ? [index] : []));
  words[pickOf(lower, draw)] = 'reportedly';
  return words.join(' ');
}

/** What copies and strangers look like; `seed` moves every choice. */
export function makePairs(seed = 11): Pair[] {
  const draw = seeded(seed);
  const pairs: Pair[] = [];
  const groups = [
    { language: 'en', sentences: ENGLISH },
    { language: 'zh', sentences: CHINESE },
  ] as const;
  for (const { language, sentences } of groups) {
    const add = (kind: string, a: string, b: string, isCopy: boolean): void => {
      pairs.push({ kind: `${language} ${kind}`, a, b, isCopy });
    };
    for (const [index, { text, reworded }] of sentences.entries()) {
      const other = sentences[(index + 1) % sentences.length]?.text ?? '';
      add(
        'same words, other signs',
        text,
        language === 'zh' ? toHalfWidth(text) : text.replaceAll(' ', '  ').toUpperCase(),
        true,
      );
      add('full width', text, toFullWidth(text), true);
      for (const prefix of PREFIXES[language]) if (draw() < 0.6) add('prefix', text, prefix + text, true);
      add('two prefixes', pickOf(PREFIXES[language], draw) + text, pickOf(PREFIXES[language], draw) + text, true);
      for (const suffix of SUFFIXES[language]) if (draw() < 0.6) add('outlet behind', text, text + suffix, true);
      for (let times = 0; times < 3; times += 1) add('edit', text, edited(text, language, draw), true);
      add('cut', text, `${text.slice(0, Math.ceil(text.length * (0.6 + draw() * 0.3)))}…`, true);
      add('grown', text, language === 'zh' ? `${text}。${other}。` : `${text}. ${other}.`, true);
      add('in other words', text, reworded, false);
      add('another report', text, other, false);
    }
    for (const { form } of TEMPLATES.filter((template) => template.language === language)) {
      for (let times = 0; times < 12; times += 1) {
        const [one, two] = [pickOf(NAMES[language], draw), pickOf(NAMES[language], draw)];
        const a = filled(form, one, draw);
        // Another company, or the same one on another day: its figures differ.
        const b = filled(form, two, draw);
        add(one === two ? 'template, other figures' : 'template, other company', a, b, false);
        add('template, copied', a, `${a}${pickOf(SUFFIXES[language], draw)}`, true);
      }
    }
  }
  return pairs;
}

function filled(form: string, name: string, draw: Draw): string {
  return form.replace('{name}', name).replace(/\{[abc]\}/g, () => (1 + draw() * 60).toFixed(draw() < 0.5 ? 1 : 2));
}
