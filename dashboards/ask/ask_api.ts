/** A question in English or Chinese, answered out of the store. */
import { z } from 'zod';
import { askAnswer } from '../answers/ask.ts';
import { defineRoute } from '../route.ts';
import { spanAnswer } from '../span.ts';
import { answerPlainly } from './answer.ts';
import { gather, nowOf } from './evidence.ts';
import { readQuestionText } from './question.ts';
import { UTC, zoneOf } from './zone.ts';

const ask = defineRoute({
  method: 'get',
  path: '/ask',
  role: 'reader',
  subject: 'Search',
  summary: 'A question such as "why is X negative since Tuesday?", answered with cited documents and a chart',
  description:
    'Whom, which topic and which time are read by rules in both languages; the answer is put together from counts, stories, alerts and search, without a language model. With dashboards.ask set, a model may put it into prose, which is shown only where every sentence stands the check against what it was given.',
  query: z.strictObject({
    q: z.string().trim().min(1).max(400),
    language: z.enum(['en', 'zh']).optional().describe('Of the answer; that of the question where absent.'),
    time_zone: z
      .string()
      .max(60)
      .refine((name) => zoneOf(name) !== null, 'must be a time zone such as Asia/Shanghai or UTC')
      .optional()
      .describe('Whose days "yesterday" and "last week" are, by its IANA name; UTC where absent.'),
  }),
  response: askAnswer,
  async handler({ query: { q, language: wanted, time_zone } }, services) {
    const zone = time_zone === undefined ? UTC : (zoneOf(time_zone) ?? UTC);
    const { now, moment } = await nowOf(services);
    const question = readQuestionText(q, { now, moment, zone }, services.entitiesIn ?? (() => []));
    const language = wanted ?? question.language;
    const gathered = await gather(question, now, services);
    const plain = answerPlainly(gathered, language, zone);
    const { phrase } = services;
    const phrased = phrase === null ? null : await phrase(q, plain, language);
    const { text, entities, topic, time, side, aim } = question;
    return {
      ...spanAnswer(gathered.span),
      question: {
        text,
        entities: entities.map((id) => ({ id, name: services.names(id) })),
        topic,
        time_words: time?.words ?? null,
        side,
        aim,
      },
      language,
      sentences: plain.facts,
      documents: plain.documents,
      asked: gathered.now,
      before: gathered.before,
      chart: gathered.timeline,
      alerts: gathered.alerts,
      found: gathered.found,
      prose: phrased !== null && 'sentences' in phrased ? phrased.sentences : null,
      prose_refused: phrased !== null && 'refused' in phrased ? phrased.refused : null,
    };
  },
});

export const askRoutes = { ask };
