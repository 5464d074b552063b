import { describe, expect, it } from 'vitest';
import { chanceFrom } from './chance.ts';
import { openDeck } from './deck.ts';
import type { Fault } from './form.ts';

const fault = (name: string): Fault => ({ name, run: () => Promise.resolve('') });
const FAULTS = ['kill', 'kill', 'kill', 'cut', 'fill', 'junk'].map(fault);
function dealt(seed: number, count: number): string[] {
  const deal = openDeck(FAULTS, chanceFrom(seed));
  return Array.from({ length: count }, () => deal().name);
}

describe('the deck of faults', () => {
  it('deals each kind once before any comes again, whatever the seed', () => {
    for (let seed = 0; seed < 50; seed += 1) expect(dealt(seed, 4).toSorted()).toEqual(['cut', 'fill', 'junk', 'kill']);
  });

  it('deals the whole of itself before it is shuffled anew', () => {
    const names = FAULTS.map(({ name }) => name).toSorted();
    for (let seed = 0; seed < 50; seed += 1) {
      const two = dealt(seed, 12);
      expect(two.slice(0, 6).toSorted()).toEqual(names);
      expect(two.slice(6).toSorted()).toEqual(names);
    }
  });

  it('is the same under the same seed, and another under another', () => {
    expect(dealt(7, 40)).toEqual(dealt(7, 40));
    expect(dealt(7, 40)).not.toEqual(dealt(8, 40));
  });

  it('says so when no fault is left', () => {
    expect(() => openDeck([], chanceFrom(1))).toThrow(/no fault is left/);
  });
});
