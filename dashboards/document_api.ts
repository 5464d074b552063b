/**
 * One document, one story, one incident, as routes below /api: what the pages of these read. Which words carried a label is
 * worked out by the model of this process, one document at a time: some 64 variants of the text are labelled for it, and
 * a page must not keep the model from its stream.
 */
import { Hono, type Context } from 'hono';
import { TidewatchError } from '../core/errors.ts';
import { modelText } from '../core/text.ts';
import type { AlertsAnswer, DocumentAnswer, ExplainAnswer, StoryDocumentsAnswer } from './contract.ts';
import type { Queries } from './queries.ts';
import { nothingAsked, readQuestion } from './questions.ts';

/** Explains the sentiment of a text, as `modelText` makes it. @throws TidewatchError model.failed */
export type ExplainText = (text: string) => Promise<ExplainAnswer>;

const MOST_WAITING = 4;
const MOST_KEPT = 100;
/** What explains is the headline and the first paragraphs; the model reads no more anyway. */
const EXPLAINED_CHARACTERS = 2_000;

export interface DocumentApiDependencies {
  readonly queries: Queries;
  /** Null where this process has no model. */
  readonly explain: ExplainText | null;
}

export function createDocumentApi({ queries, explain }: DocumentApiDependencies): Hono {
  const api = new Hono();
  const explainInTurn = explain === null ? null : inTurn(explain);
  const absent = (context: Context, what: string): Response =>
    context.json({ error: { code: 'input.invalid', message: `There is no such ${what}.` } }, 404);

  api.get('/documents/:id', async (context) => {
    readQuestion(context, nothingAsked);
    const document: DocumentAnswer | null = await queries.document(context.req.param('id'));
    return document === null ? absent(context, 'document') : context.json(document);
  });

  api.get('/documents/:id/explain', async (context) => {
    readQuestion(context, nothingAsked);
    const document = await queries.document(context.req.param('id'));
    if (document === null) return absent(context, 'document');
    if (explainInTurn === null) {
      const message = 'This process does not label, so it has no model to ask.';
      const hint = 'Ask a process with the role classifier, or run: tidewatch classify --explain';
      return context.json({ error: { code: 'model.missing', message, hint } }, 501);
    }
    return context.json(await explainInTurn(modelText(document.title, document.text).slice(0, EXPLAINED_CHARACTERS)));
  });

  api.get('/stories/:id/documents', async (context) => {
    readQuestion(context, nothingAsked);
    const documents = await queries.storyDocuments(context.req.param('id'));
    if (documents.length === 0) return absent(context, 'story');
    const answer: StoryDocumentsAnswer = { documents };
    return context.json(answer);
  });

  api.get('/incidents/:id', async (context) => {
    readQuestion(context, nothingAsked);
    const alerts = await queries.incident(context.req.param('id'));
    if (alerts.length === 0) return absent(context, 'incident');
    const answer: AlertsAnswer = { alerts };
    return context.json(answer);
  });

  return api;
}

/** One at a time, those that wait in order, answers of the last texts kept. */
function inTurn(explain: ExplainText): ExplainText {
  const kept = new Map<string, Promise<ExplainAnswer>>();
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  return (text) => {
    const known = kept.get(text);
    if (known !== undefined) return known;
    if (waiting >= MOST_WAITING) {
      return Promise.reject(
        new TidewatchError('input.invalid', 'Too many explanations are asked for; try again soon.'),
      );
    }
    waiting += 1;
    const answer = last
      .then(() => explain(text))
      .finally(() => {
        waiting -= 1;
      });
    last = answer.catch(() => kept.delete(text));
    kept.set(text, answer);
    for (const key of kept.keys()) if (kept.size > MOST_KEPT) kept.delete(key);
    return answer;
  };
}
