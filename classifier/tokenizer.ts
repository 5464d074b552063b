/**
 * Text to token ids by the model's own tokenizer.json, cut to the model's length with the frame (<s> … </s>) kept, or into
 * several stretches of that length. The frame is not written here: it is what the file's post-processor puts around a sample.
 *
 * Two things the library does not do. A long article is encoded only as far as the model reads: a Unigram model tries
 * every split of every word, and 100 kB would cost as much as a hundred headlines. And "</s>" within a text is text: the
 * library would read it as the frame's own token, which lets an author end the sentence where the model reads on.
 */
import { Tokenizer as Library } from '@huggingface/tokenizers';

export interface Tokenizer {
  /**
   * At least the frame, at most `maxLength` ids. A question about an entity is the pair <s> entity </s> text </s>, the
   * name cut to 24 tokens, as it was in training (classifier/train/data.ts).
   */
  encode(text: string, entity?: string): readonly number[];
  /**
   * A long text as several such rows, at most `MOST_WINDOWS`, each beginning `WINDOW_OVERLAP` tokens before the last one
   * ended, so that no sentence is only ever seen cut; one row where the text fits.
   */
  windows(text: string, entity?: string): readonly (readonly number[])[];
}

/** What of an article is read: its title and first paragraphs say what it is about, and each window costs as much as a headline. */
const MOST_WINDOWS = 4;
const WINDOW_OVERLAP = 24;

/** Longest name of an entity, in tokens. */
const ENTITY_TOKENS = 24;

/** Enough characters for one token in English news, so that one pass is the rule. */
const CHARACTERS_PER_TOKEN = 6;
/**
 * Signs that the vocabulary does not have are one token, however many: of a text of these (hieroglyphs, rare Han) it is looked
 * for more tokens up to so many characters each, or it would be encoded whole.
 */
const MOST_CHARACTERS_PER_TOKEN = 32;
/** Tokens at a cut may differ from those of the whole text; the ones this far before it do not. */
const CUT_MARGIN = 16;

/** `json` is the parsed tokenizer.json. */
export function createTokenizer(json: unknown, maxLength: number): Tokenizer {
  const library = new Library(json as object, {});
  const idsOf = (text: string): number[] => library.encode(text, { add_special_tokens: false }).ids;
  const { before, after } = frameOf(library);
  const frameless = maxLength - before.length - after.length;
  const reserved = [...library.get_added_tokens_decoder().values()].map(({ content }) => content as string);

  const neutralise = (text: string): string => {
    let result = text;
    for (const token of reserved) {
      if (result.includes(token)) result = result.replaceAll(token, `${token.slice(0, 1)} ${token.slice(1)}`);
    }
    return result;
  };

  /** The first `count` ids of a text, as its whole would have them. */
  const idsUpTo = (text: string, count: number): number[] => {
    const safe = neutralise(text);
    for (let reach = count * CHARACTERS_PER_TOKEN; ; reach *= 2) {
      const whole = reach >= safe.length;
      const ids = idsOf(whole ? safe : safe.slice(0, reach).toWellFormed());
      const isEnough = whole || ids.length >= count + CUT_MARGIN || reach >= count * MOST_CHARACTERS_PER_TOKEN;
      if (isEnough) return ids.slice(0, Math.max(0, count));
    }
  };

  const windows = (text: string, entity: string | undefined, most: number): readonly (readonly number[])[] => {
    const name = entity === undefined ? [] : [...idsOf(neutralise(entity)).slice(0, ENTITY_TOKENS), ...after];
    const room = frameless - name.length;
    const stride = Math.max(1, room - WINDOW_OVERLAP);
    const ids = idsUpTo(text, room + (most - 1) * stride);
    const starts = [0];
    while ((starts.at(-1) as number) + room < ids.length) starts.push((starts.at(-1) as number) + stride);
    return starts.map((start) => [...before, ...name, ...ids.slice(start, start + Math.max(0, room)), ...after]);
  };

  return {
    encode: (text, entity) => windows(text, entity, 1)[0] ?? [],
    windows: (text, entity) => windows(text, entity, MOST_WINDOWS),
  };
}

/** What the post-processor puts before and after a text. */
function frameOf(library: Library): { before: number[]; after: number[] } {
  const plain: number[] = library.encode('a', { add_special_tokens: false }).ids;
  const framed: number[] = library.encode('a').ids;
  const from = framed.findIndex((_, index) => plain.every((id, offset) => framed[index + offset] === id));
  return { before: framed.slice(0, from), after: framed.slice(from + plain.length) };
}
