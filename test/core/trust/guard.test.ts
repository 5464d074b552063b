/** Simulated people, careless, careful and hostile, against the guards between feedback and learning. */
import { describe, expect, it } from 'vitest';
import { guard, GUARD, type Guarded } from '../../../core/trust/guard.ts';
import { weigh } from '../../../core/trust/reliability.ts';
import { binomialTail, suspicions } from '../../../core/trust/suspicion.ts';
import type { Vote } from '../../../core/trust/vote.ts';

const LABELS = ['negative', 'neutral', 'positive'] as const;
const START = Date.parse('2026-03-01T08:00:00.000Z');

/** A small generator, so that a figure in this file is the same on every machine. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

interface Thing {
  readonly target: string;
  readonly truth: string;
  readonly model: string;
  readonly probabilities: Readonly<Record<string, number>>;
  readonly entities: readonly string[];
}

/** Documents of which the model has one in five wrong, and is less sure there. */
function things(count: number, random: () => number): Thing[] {
  return Array.from({ length: count }, (_, index) => {
    const truth = LABELS[Math.floor(random() * 3)] ?? 'neutral';
    const wrong = random() < 0.2;
    const model = wrong ? (LABELS.filter((label) => label !== truth)[Math.floor(random() * 2)] ?? truth) : truth;
    const sure = wrong ? 0.55 + 0.3 * random() : 0.7 + 0.28 * random();
    const probabilities = Object.fromEntries(
      LABELS.map((label) => [label, label === model ? sure : (1 - sure) / 2] as const),
    );
    return { target: `doc-${index}`, truth, model, probabilities, entities: [`entity-${index % 10}`] };
  });
}

function vote(author: string, thing: Thing, value: string, at: number): Vote {
  const { target, model, probabilities, entities } = thing;
  const id = `${author}:${target}`;
  return {
    id,
    author,
    target,
    kind: 'sentiment',
    value,
    at: new Date(at).toISOString(),
    model_value: model,
    probabilities,
    entities,
  };
}

/** Each honest person labels 60 documents, right nine times in ten; about a third of the documents two of them. */
function honest(all: readonly Thing[], people: number, random: () => number): Vote[] {
  return Array.from({ length: people }, (_, person) => {
    const own = Array.from({ length: 60 }, (__, index) => all[(person * 40 + index) % all.length] as Thing);
    return own.map((thing, index) => {
      const value = random() < 0.9 ? thing.truth : (LABELS.find((label) => label !== thing.truth) ?? thing.truth);
      return vote(`honest-${person}`, thing, value, START + (person * 60 + index) * 60_000);
    });
  }).flat();
}

/** Part of the accepted weight whose label is not the truth. */
function wrongPart({ accepted }: Guarded, all: readonly Thing[]): number {
  const truth = new Map(all.map((thing) => [thing.target, thing.truth]));
  const sum = (of: typeof accepted): number => of.reduce((total, { weight }) => total + weight, 0);
  return sum(accepted.filter(({ target, value }) => truth.get(target) !== value)) / sum(accepted);
}

describe('guards on feedback', () => {
  it('learns who is careful from what others say of the same documents, not from the model', () => {
    const random = randomOf(1);
    const all = things(200, random);
    const careless = all
      .slice(0, 80)
      .map((thing, index) => vote('careless', thing, LABELS[Math.floor(random() * 3)] ?? '', START + index));
    const { analysts } = weigh([...honest(all, 5, random), ...careless]);
    expect(analysts.get('careless')?.reliability).toBeLessThan(0.5);
    for (let person = 0; person < 5; person += 1)
      expect(analysts.get(`honest-${person}`)?.reliability).toBeGreaterThan(0.72);
    // Alone with the model: whatever they correct, nothing is known of them.
    const alone = weigh(all.slice(0, 40).map((thing, index) => vote('alone', thing, 'negative', START + index)));
    expect(alone.analysts.get('alone')).toMatchObject({ compared: 0, reliability: 0.8 });
  });

  it('lets honest feedback through: at most one vote in ten waits, and what is accepted is cleaner than what was said', () => {
    const random = randomOf(2);
    const all = things(260, random);
    const votes = honest(all, 6, random);
    const found = guard(votes);
    expect(found.held.length / votes.length).toBeLessThan(0.1);
    const said = votes.filter(({ target, value }) => all.find((thing) => thing.target === target)?.truth !== value);
    expect(wrongPart(found, all)).toBeLessThan(said.length / votes.length);
  });

  it.each([
    [
      'random labels at a high rate',
      (thing: Thing, random: () => number) => LABELS[Math.floor(random() * 3)] ?? thing.truth,
    ],
    ['every label turned', (thing: Thing) => (thing.truth === 'negative' ? 'positive' : 'negative')],
    ['everything positive', () => 'positive'],
  ])('three of nine poison with %s: at most a tenth of the accepted weight is wrong', (_, poison) => {
    const random = randomOf(3);
    const all = things(300, random);
    const poisoned = Array.from({ length: 3 }, (__, person) =>
      all
        .filter((___, index) => (index + person) % 2 === 0)
        .map((thing, index) => vote(`poisoner-${person}`, thing, poison(thing, random), START + index * 1000)),
    ).flat();
    const found = guard([...honest(all, 6, random), ...poisoned]);
    expect(wrongPart(found, all)).toBeLessThan(0.1);
    for (const { author, share } of found.analysts)
      if (author.startsWith('poisoner')) expect(share, author).toBeLessThan(0.05);
  });

  it('holds a campaign: one person, one company, always the same side, and names it', () => {
    const random = randomOf(4);
    const all = things(800, random);
    // Where nobody else has looked: only the pattern tells.
    const target = all
      .slice(300)
      .filter(({ entities, model }) => entities[0] === 'entity-3' && model !== 'positive')
      .slice(0, 15);
    const campaign = target.map((thing, index) => vote('fan', thing, 'positive', START + index * 60_000));
    const found = guard([...honest(all, 6, random), ...campaign]);
    const own = found.held.filter(({ vote: { author } }) => author === 'fan');
    expect(own.length).toBeGreaterThan(10);
    expect(new Set(own.map(({ reason }) => reason))).toContain('one_sided');
  });

  it('holds what is said faster than a person reads', () => {
    const all = things(800, randomOf(5));
    const votes = all.map((thing, index) => vote('robot', thing, thing.truth, START + index * 1000));
    const { held } = guard(votes);
    expect(held.filter(({ reason }) => reason === 'rate')).toHaveLength(800 - GUARD.mostAnHour);
  });

  it('holds a lone word against a model that is sure, until a colleague releases or rejects it', () => {
    const sure: Thing = {
      target: 'd',
      truth: 'positive',
      model: 'negative',
      probabilities: { negative: 0.997, neutral: 0.002, positive: 0.001 },
      entities: [],
    };
    const said = vote('Wei', sure, 'positive', START);
    expect(guard([said]).held).toMatchObject([{ reason: 'against_all' }]);
    const review = (decision: 'release' | 'reject', at: string) => ({ vote: said.id, decision, at });
    const released = guard([said], [review('release', '2026-03-02T00:00:00.000Z')]);
    expect(released.accepted).toMatchObject([{ target: 'd', value: 'positive' }]);
    const taken = [review('release', '2026-03-02T00:00:00.000Z'), review('reject', '2026-03-03T00:00:00.000Z')];
    expect(guard([said], taken)).toMatchObject({ accepted: [], held: [{ reason: 'rejected' }] });
    // Two who say the same need nobody to release it.
    expect(guard([said, vote('Priya', sure, 'positive', START + 1)]).accepted).toHaveLength(1);
  });

  it('teaches what was released as its author said it, never what the model says in their name', () => {
    const thing = (target: string, probabilities: Thing['probabilities'], model: string): Thing => ({
      target,
      truth: 'neutral',
      model,
      probabilities,
      entities: [],
    });
    // Two colleagues contradict Bea twelve times: nothing of hers is learned unseen.
    const plain = { negative: 0.05, neutral: 0.9, positive: 0.05 };
    const before = Array.from({ length: 12 }, (_, index) => thing(`d${index}`, plain, 'neutral')).flatMap(
      (one, index) => [
        vote('Bea', one, 'negative', START + index),
        vote('Cy', one, 'neutral', START + index),
        vote('Eve', one, 'neutral', START + index),
      ],
    );
    const doc = thing('doc', { negative: 0.02, neutral: 0.03, positive: 0.95 }, 'positive');
    const bea = vote('Bea', doc, 'negative', START);
    const release = (id: string) => ({ vote: id, decision: 'release' as const, at: '2026-03-02T00:00:00.000Z' });
    const of = ({ accepted }: Guarded) => accepted.filter(({ target }) => target === 'doc');
    expect(of(guard([...before, bea]))).toEqual([]);
    const [released] = of(guard([...before, bea], [release(bea.id)]));
    expect(released?.value).toBe('negative');
    expect(released?.probability).toBeGreaterThanOrEqual(GUARD.leastBelief);
    // An unreviewed voice does not take the place of the released one; another released one may.
    const cy = vote('Cy', doc, 'positive', START + 1);
    expect(of(guard([...before, bea, cy], [release(bea.id)]))).toMatchObject([{ value: 'negative' }]);
    expect(of(guard([...before, bea, cy], [release(bea.id), release(cy.id)]))).toMatchObject([{ value: 'positive' }]);
  });

  it('looks at each vote a few times, however many there are', () => {
    const all = things(4000, randomOf(7));
    let reads = 0;
    const votes = all.map((thing, index) => ({
      ...vote(`A${index % 4}`, { ...thing, probabilities: { negative: 0.001 } }, 'negative', START + index * 60_000),
      get target() {
        reads += 1;
        return thing.target;
      },
    }));
    suspicions(votes, new Map(), GUARD);
    expect(reads / votes.length).toBeLessThan(10);
  });

  it('gives nobody more than a quarter of the whole, however much they say', () => {
    const all = things(400, randomOf(6));
    const loud = all.slice(0, 280).map((thing, index) => vote('loud', thing, thing.truth, START + index * 60_000));
    const others = all
      .slice(280)
      .map((thing, index) => vote(`quiet-${index % 6}`, thing, thing.truth, START + index * 60_000));
    const { analysts } = guard([...loud, ...others]);
    expect(Math.max(...analysts.map(({ share }) => share))).toBeLessThan(0.251);
    const two = guard([...loud, ...others.map((one) => ({ ...one, author: 'other' }))]);
    expect(Math.max(...two.analysts.map(({ share }) => share))).toBeLessThan(0.501);
  });

  it('counts a binomial tail as by hand', () => {
    expect(binomialTail(2, 3, 0.5)).toBeCloseTo(0.5, 12);
    expect(binomialTail(6, 6, 0.5)).toBeCloseTo(1 / 64, 12);
    expect(binomialTail(0, 6, 0.5)).toBeCloseTo(1, 12);
  });
});
