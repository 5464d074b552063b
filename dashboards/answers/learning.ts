/** Forms of the answers about learning: the labelling queue, feedback that is held, lessons, models and where two differ. */
import { z } from 'zod';
import { opinionRow } from './opinion.ts';
import { time } from './series.ts';

const share = z.number().min(0).max(1);

export const queueAnswer = z
  .object({
    queue: z
      .array(
        z.object({
          document: opinionRow,
          reasons: z
            .array(z.enum(['uncertain', 'disagreement', 'drift', 'sample', 'second_opinion']))
            .describe('Why it is asked, the strongest first; `sample`: drawn at random.'),
          value: share.describe('How much is hoped to be learned from it; 0 for one that was drawn.'),
        }),
      )
      .describe('Most telling first; a story once.'),
  })
  .meta({ id: 'LabelQueueAnswer' });

export const heldRow = z
  .object({
    id: z.string().describe('Of the feedback row.'),
    at: time,
    author: z.string(),
    kind: z.enum(['sentiment', 'topic']),
    value: z.string(),
    model_value: z.string(),
    document_id: z.string(),
    title: z.string().describe('Title, or the beginning of the text.'),
    language: z.string(),
    reason: z
      .enum(['rate', 'unreliable', 'against_all', 'one_sided', 'disagreement', 'rejected'])
      .describe('Why it waits; `rejected`: a colleague decided so.'),
  })
  .meta({ id: 'HeldFeedback' });

const analyst = z.object({
  author: z.string(),
  said: z.number().int(),
  compared: z.number().int().describe('Of these, about what somebody else spoke too.'),
  reliability: share.describe('Mean probability that a word of theirs is right.'),
  share: share.describe('Part of all that is learned.'),
});

export const heldAnswer = z
  .object({ held: z.array(heldRow), waiting: z.number().int(), analysts: z.array(analyst) })
  .meta({ id: 'HeldFeedbackAnswer' });

export const reviewWritten = z
  .object({
    review: z.object({
      id: z.string(),
      at: time,
      author: z.string(),
      decision: z.enum(['release', 'reject']),
      reason: z.string(),
      via: z.enum(['api', 'command']),
      feedback_id: z.string(),
      document_id: z.string(),
      alert_id: z.string(),
    }),
  })
  .meta({ id: 'ReviewWritten' });

export const lesson = z
  .object({
    id: z.string().describe('Of the document.'),
    story: z.string(),
    text: z.string().describe('What the model reads.'),
    language: z.string(),
    sentiment: z.string().exactOptional(),
    topic: z.string().exactOptional(),
    weight: share.describe('How much it counts: how sure it is, less what the cap of its authors takes.'),
  })
  .meta({ id: 'Lesson' });

export const lessonsAnswer = z
  .object({
    lessons: z.array(lesson),
    next: z.string().nullable().describe('Give it back as `after` for the next ones; null on the last.'),
    held: z.number().int().describe('Corrections that wait for a review.'),
  })
  .meta({ id: 'LessonsAnswer' });

const comparison = z.object({
  set: z.string(),
  head: z.string(),
  rows: z.number().int(),
  current: share,
  candidate: share,
  gained: z.number().int(),
  lost: z.number().int(),
  pValue: share,
});

const judged = comparison.extend({
  rule: z.enum(['asked', 'gain', 'public_asked', 'public', 'public_set']),
  holds: z.boolean(),
  limit: z
    .number()
    .describe('What the rule demands: fewest rows, most points lost; of `gain` the most that chance may make.'),
});

export const modelRow = z
  .object({
    model: z.string(),
    role: z.enum(['current', 'shadow', 'candidate']),
    origin: z.enum(['shipped', 'learned']),
    verdict: z
      .object({
        against: z.string(),
        at: time,
        promotable: z.boolean(),
        reasons: z.array(z.string()).describe('In English.'),
        rules: z.array(judged).exactOptional().describe('The same as figures; a verdict of long ago has none.'),
        feedback: z.array(comparison),
        published: z.array(comparison),
      })
      .nullable(),
  })
  .meta({ id: 'LearnedModel' });

export const modelsAnswer = z
  .object({
    models: z.array(modelRow),
    log: z
      .array(
        z.object({
          at: time,
          author: z.string(),
          action: z.enum(['promote', 'roll_back', 'shadow', 'end_shadow', 'refuse']),
          model: z.string().nullable().describe('Null: the model that comes with Tidewatch, or no shadow.'),
          reason: z.string(),
        }),
      )
      .describe('Newest first.'),
  })
  .meta({ id: 'ModelsAnswer' });

const figures = z.object({
  split: z.string(),
  set: z.string().describe('`all`: every set of the language.'),
  language: z.string(),
  task: z.string(),
  rows: z.number().int(),
  accuracy: share,
  low: share.describe('95% interval of the accuracy.'),
  high: share,
  macro_f1: share,
  ece: share.describe('Expected calibration error.'),
  bins: z
    .array(z.object({ rows: z.number().int(), confidence: share, accuracy: share }))
    .describe('How often it is right where it says that it is so sure; of the set `all`.'),
});

const drift = z.object({
  opinions: z.number().int().describe('The newest ones of this model that were looked at.'),
  least: z.number().int().describe('Fewer say nothing: then there are no measures.'),
  measures: z.array(
    z.object({
      measure: z.enum(['sentiment', 'topic', 'confidence']),
      psi: z.number().describe('Population stability index: below 0.1 steady, above 0.25 another population.'),
      shares: z.array(
        z.object({ label: z.string(), now: share, usual: share.describe('In what it was measured on.') }),
      ),
    }),
  ),
});

export const servedAnswer = z
  .object({
    model: z.string().nullable().describe('name@version; null where this process cannot know.'),
    origin: z
      .enum(['shipped', 'promoted', 'settings', 'elsewhere'])
      .describe('Comes with Tidewatch, was promoted, is named by the settings, or labels on another machine.'),
    card: z
      .array(z.object({ title: z.string(), paragraphs: z.array(z.string()), items: z.array(z.string()) }))
      .describe('Plain text of its model card, in English; without tables.'),
    figures: z.array(figures),
    drift: drift.nullable().describe('Null where it was never measured on anything.'),
  })
  .meta({ id: 'ServedModel' });

export const differencesAnswer = z
  .object({
    model: z.string().describe('Candidate.'),
    against: z.string(),
    documents: z.number().int().describe('That both have read.'),
    sentiment: z.number().int().describe('Documents whose sentiment differs.'),
    topic: z.number().int(),
    negative_before: z.number().describe('Sum of the probabilities of being negative: what alerts count.'),
    negative_after: z.number(),
    moves: z.array(z.object({ from: z.string(), to: z.string(), documents: z.number().int() })),
    examples: z.array(
      z.object({
        document_id: z.string(),
        published_at: time,
        title: z.string(),
        language: z.string(),
        current: z.string(),
        candidate: z.string(),
        probability: share,
      }),
    ),
  })
  .meta({ id: 'DifferencesAnswer' });
