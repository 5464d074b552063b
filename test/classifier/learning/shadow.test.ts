import { expect, it, vi } from 'vitest';
import { startShadow } from '../../../classifier/learning/shadow.ts';
import { createMetrics } from '../../../core/metrics.ts';
import type { Labels } from '../../../classifier/labels.ts';
import { sampleOpinions } from '../../dashboards/sample.ts';
import { aContext } from '../context.ts';

const opinions = sampleOpinions(Date.parse('2026-03-01T00:00:00.000Z')).slice(0, 40);
const labels = {
  sentiment: 'neutral',
  sentiment_probabilities: { negative: 0, neutral: 1, positive: 0 },
  topic: 'Macro',
};

function seated(share: number) {
  const read: string[] = [];
  const backend = {
    model: 'tiny@2',
    labels: { topic: [], event: [], topics_zh: [], entity_sentiment: [] },
    classify: (texts: readonly string[]) => Promise.resolve(texts.map(() => labels as unknown as Labels)),
    classifyEntities: () => Promise.resolve([]),
    close: () => Promise.resolve(),
  } as unknown as Parameters<typeof startShadow>[0];
  const store = {
    insert: (_: string, rows: readonly object[]) => {
      read.push(...rows.map((row) => (row as { document_id: string }).document_id));
      return Promise.resolve();
    },
  };
  const { clock, log } = aContext();
  return {
    read,
    shadow: startShadow(backend, share, { store, clock, log, metrics: createMetrics().stage('classifier') }),
  };
}

it('goes on after deliveries of which it reads nothing', async () => {
  const { read, shadow } = seated(1);
  shadow.see([]);
  shadow.see(opinions.slice(0, 2));
  await vi.waitFor(() => expect(read).toHaveLength(2));
  shadow.see([]);
  shadow.see(opinions.slice(2, 3));
  await vi.waitFor(() => expect(read).toEqual(opinions.slice(0, 3).map(({ document }) => document.id)));
  await shadow.close();
});

it('reads its share of single documents, the same ones each time', async () => {
  const counts: string[][] = [];
  for (let turn = 0; turn < 2; turn += 1) {
    const { read, shadow } = seated(0.3);
    for (const opinion of opinions) shadow.see([opinion]);
    await vi.waitFor(() => expect(read.length).toBeGreaterThan(3));
    await shadow.close();
    counts.push(read);
  }
  expect(counts[0]?.length).toBeLessThan(opinions.length / 1.5);
  expect(counts[1]).toEqual(counts[0]);
});
