/**
 * Text to token ids by the model's own tokenizer.json, cut to the model's length with the frame (<s> … </s>) kept. The
 * frame is not written here: it is what the file's post-processor puts around a sample.
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
}

/** Longest name of an entity, in tokens. */
const ENTITY_TOKENS = 24;

/** Enough characters for one token in English news, so that one pass is the rule. */
const CHARACTERS_PER_TOKEN = 6;
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

  return {
    encode(text, entity) {
      const name = entity === undefined ? [] : [...idsOf(neutralise(entity)).slice(0, ENTITY_TOKENS), ...after];
      const room = frameless - name.length;
      const safe = neutralise(text);
      for (let reach = room * CHARACTERS_PER_TOKEN; ; reach *= 2) {
        const whole = reach >= safe.length;
        const ids = idsOf(whole ? safe : safe.slice(0, reach).toWellFormed());
        if (whole || ids.length >= room + CUT_MARGIN)
          return [...before, ...name, ...ids.slice(0, Math.max(0, room)), ...after];
      }
    },
  };
}

/** What the post-processor puts before and after a text. */
function frameOf(library: Library): { before: number[]; after: number[] } {
  const plain: number[] = library.encode('a', { add_special_tokens: false }).ids;
  const framed: number[] = library.encode('a').ids;
  const from = framed.findIndex((_, index) => plain.every((id, offset) => framed[index + offset] === id));
  return { before: framed.slice(0, from), after: framed.slice(from + plain.length) };
}
