/**
 * A classifier by rule behind the real door of `tidewatch serve-classifier`: the stages label by it through the backend
 * `remote`. Its cost is fixed and small, so that the pipeline is what is loaded, and it cannot label one kind of text.
 */
import { createDoor } from '../../../classifier/backends/remote_door.ts';
import type { Backend } from '../../../classifier/backend.ts';
import { TidewatchError } from '../../../core/errors.ts';
import { createLogger } from '../../../core/log.ts';

export const POISON = 'unlabelable';
export const BAD_NEWS = 'fraud';
const TOPIC = 'Company | Product News';

const backend: Backend = {
  model: 'rule@1',
  labels: {
    sentiment: ['negative', 'neutral', 'positive'],
    topic: [TOPIC],
    topics_zh: [],
    event: [],
    entity_sentiment: [],
  },
  async classify(texts) {
    await new Promise((resolve) => setTimeout(resolve, 2));
    if (texts.some((text) => text.includes(POISON)))
      throw new TidewatchError('model.failed', 'a text that kills models');
    return texts.map((text) => {
      const negative = text.includes(BAD_NEWS) ? 0.95 : 0.03;
      const rest = (1 - negative) / 2;
      return {
        sentiment: negative > 0.5 ? ('negative' as const) : ('neutral' as const),
        sentiment_probabilities: { negative, neutral: rest, positive: rest },
        topic: TOPIC,
        topic_probabilities: { [TOPIC]: 1 },
        topics_zh: [],
        event: null,
        event_probability: null,
        confidence: Math.max(negative, rest),
      };
    });
  },
  classifyEntities: () => Promise.reject(new TidewatchError('model.failed', 'no such head')),
  close: () => Promise.resolve(),
};

export async function startRuleModel(): Promise<{ readonly port: number; stop(): Promise<void> }> {
  const log = createLogger({ level: 'silent', format: 'json' });
  const door = createDoor(backend, { host: '127.0.0.1', port: 0, token: undefined, log });
  await door.start();
  return { port: Number(new URL(door.address()).port), stop: () => door.stop() };
}
