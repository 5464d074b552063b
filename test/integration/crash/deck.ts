/**
 * Faults dealt from a shuffled deck: each kind strikes once before any strikes twice, so that as many rounds as there are
 * kinds leave none out. Rejected: a draw a round, by which some kinds never struck in fifty.
 */
import type { Chance } from './chance.ts';
import type { Fault } from './form.ts';

/** Deals without end. One that is in `faults` several times is dealt as often in a whole deck, its first time with the others'. */
export function openDeck(faults: readonly Fault[], chance: Chance): () => Fault {
  if (faults.length === 0) throw new Error('no fault is left that could strike');
  let deck: Fault[] = [];
  return () => {
    if (deck.length === 0) deck = shuffledDeck(faults, chance);
    const next = deck.shift();
    if (next === undefined) throw new Error('an empty deck');
    return next;
  };
}

function shuffledDeck(faults: readonly Fault[], chance: Chance): Fault[] {
  const seen = new Set<string>();
  const first: Fault[] = [];
  const again: Fault[] = [];
  for (const fault of faults) {
    (seen.has(fault.name) ? again : first).push(fault);
    seen.add(fault.name);
  }
  return [...shuffled(first, chance), ...shuffled(again, chance)];
}

/** Fisher and Yates. */
function shuffled<Item>(items: readonly Item[], chance: Chance): Item[] {
  const left = [...items];
  const out: Item[] = [];
  while (left.length > 0) out.push(...left.splice(chance.between(0, left.length - 1), 1));
  return out;
}
