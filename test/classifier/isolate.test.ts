import { describe, expect, it } from 'vitest';
import type { Backend } from '../../classifier/backend.ts';
import { classifyEach } from '../../classifier/isolate.ts';
import { TidewatchError } from '../../core/errors.ts';

/** A backend that fails where `fails` says so, and counts how often it was asked. */
function counting(fails: (texts: readonly string[]) => boolean): { backend: Backend; asked: () => number } {
  let asked = 0;
  const classify = async (texts: readonly string[]): Promise<object[]> => {
    asked += 1;
    if (fails(texts)) throw new TidewatchError('model.failed', 'no answer in time');
    return texts.map((text) => ({ text }));
  };
  return { backend: { classify } as unknown as Backend, asked: () => asked };
}
const texts = Array.from({ length: 256 }, (_, index) => `text ${index}`);

describe('a batch that fails', () => {
  it('of a backend that answers nothing is given back after one more question, not after one for each half', async () => {
    const { backend, asked } = counting(() => true);
    await expect(classifyEach(backend, texts)).rejects.toMatchObject({ message: 'no answer in time' });
    expect(asked()).toBe(2);
  });

  it('of a backend that works is halved until the failing text stands alone', async () => {
    const { backend, asked } = counting((some) => some.includes('text 77'));
    const answers = await classifyEach(backend, texts);
    expect(answers.flatMap((answer, index) => (answer instanceof TidewatchError ? [index] : []))).toEqual([77]);
    // The batch, the proof before it is halved, eight halvings of two questions, the proof of the single text and its last try.
    expect(asked()).toBe(1 + 1 + 16 + 2);
  });
});
