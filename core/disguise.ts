/**
 * Words in disguise, made plain: letters of other scripts that look Latin (Cyrillic а in "frаud"), small capitals,
 * letters with blanks or dots between them ("f r a u d", 暴 雷), marks struck through a word. People write so to pass
 * filters, and a matcher or a model reads nonsense. After cleanText, which has folded what NFKC folds (full-width, bold and
 * circled letters) and dropped what is invisible.
 *
 * Everything here must leave honest text alone: a letter is folded only inside a word that mixes it with Latin ones,
 * or in a word of look-alikes only within a text whose other letters are Latin; real Cyrillic and Greek words stay. Only
 * four and more single letters in a row (three for Han, which stand alone more rarely) are drawn together. Rejected: the whole
 * table of Unicode's confusables (UTS #39), which maps l to 1 and rn to m; undoing digits for letters ("fr4ud"), which
 * would break 3M, Q4 and tickers. Pure.
 */

/** Look-alikes of Latin letters, after NFKC: Cyrillic, Greek, Armenian, Cherokee-like small capitals, and others. */
const LOOK_ALIKES: Readonly<Record<string, string>> = pairs(
  'аa еe оo рp сc уy хx іi јj ѕs ԁd һh ԛq ԝw вb нh мm тt кk гr пn АA ВB ЕE КK МM НH ОO РP СC ТT УY ХX ІI ЈJ ЅS ԜW ԚQ ҮY αa οo ρp νv υu ιi κk τt χx εe ηn γy ωw ΑA ΒB ΕE ΖZ ΗH ΙI ΚK ΜM ΝN ΟO ΡP ΤT ΥY ΧX օo սu հh ոn ցg ɑa ɡg ɩi ʀr ɴn ʟl ʙb ɢg ɪi ʜh ʏy ᴀa ʙb ᴄc ᴅd ᴇe ꜰf ᴊj ᴋk ᴍm ᴏo ᴘp ꜱs ᴛt ᴜu ᴠv ᴡw ᴢz ǃ! 🅰A 🅱B 🅾O 🅿P',
);
const LATIN = /\p{Script=Latin}/u;
const OTHER_SCRIPT = /[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Armenian}]/u;
const NOT_ASCII_LETTER = /[^\p{ASCII}\p{Script=Han}]/u;
const WORD = /[\p{L}\p{M}]+/gu;
/** What stays of struck-through and stacked marks once NFKC has composed the accents that are letters. */
const LOOSE_MARKS =
  /(?<=[\p{Script=Latin}\p{Script=Han}\p{N}][\u0300-\u036f\u0489\u20d0-\u20ff]*)[\u0300-\u036f\u0489\u20d0-\u20ff]/gu;
const SPACED_LETTERS = /(?<![\p{L}\p{N}'’.&-])[A-Za-z](?:([ ._*·-])[A-Za-z])(?:\1[A-Za-z]){2,}(?![\p{L}\p{N}'’&])/gu;
const SPACED_HAN =
  /(?<!\p{Script=Han})\p{Script=Han}(?:([ ._*·-])\p{Script=Han})(?:\1\p{Script=Han})+(?!\p{Script=Han})/gu;
/** 暴*雷, but not the star of a stock under warning between two names (盈利*欣泰); the dot of foreign names is left alone. */
const SPLIT_HAN =
  /(?<=(?<!\p{Script=Han})\p{Script=Han})\*(?=\p{Script=Han})|(?<=\p{Script=Han})\*(?=\p{Script=Han}(?!\p{Script=Han}))/gu;

/** `text` (as cleanText gives it) with disguised words made plain; text without them comes back as it was. */
export function unmask(text: string): string {
  const folded = NOT_ASCII_LETTER.test(text) ? foldLookAlikes(text.replace(LOOSE_MARKS, '').normalize('NFC')) : text;
  return folded.replace(SPACED_LETTERS, joined).replace(SPACED_HAN, joined).replace(SPLIT_HAN, '');
}

function foldLookAlikes(text: string): string {
  const words = text.match(WORD) ?? [];
  // A text with an honest Cyrillic or Greek word in it is left its words of look-alikes only: сор, не, так.
  const foreign = words.some((word) => OTHER_SCRIPT.test(word) && Array.from(word).some((sign) => !known(sign)));
  const latin = words.some((word) => LATIN.test(word) && !OTHER_SCRIPT.test(word));
  return text.replace(WORD, (word) => {
    const signs = Array.from(word);
    if (!signs.some((sign) => sign in LOOK_ALIKES)) return word;
    const mixed = LATIN.test(word) && OTHER_SCRIPT.test(word);
    const disguised = mixed || !OTHER_SCRIPT.test(word) || (latin && !foreign && signs.every(known));
    return disguised ? signs.map((sign) => LOOK_ALIKES[sign] ?? sign).join('') : word;
  });
}

const known = (sign: string): boolean => sign in LOOK_ALIKES || LATIN.test(sign);

function joined(run: string, separator: string): string {
  const whole = run.split(separator).join('');
  // "U.S.S.R." is an acronym and "A B C D" may be a list of choices or grades: only lower case is surely a word.
  return separator === '.' && whole === whole.toUpperCase() && /[A-Z]/.test(whole) ? run : whole;
}

function pairs(list: string): Record<string, string> {
  return Object.fromEntries(
    list.split(' ').map((pair) => {
      const [sign = '', ...plain] = pair;
      return [sign, plain.join('')];
    }),
  );
}
