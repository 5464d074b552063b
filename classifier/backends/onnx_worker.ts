/** The thread that the onnx backend talks to: opens the session that it was told to open, and answers requests with logits. */
import { serveThread } from './thread.ts';
import type { InferenceRequest } from './inference.ts';
import { openSession, type SessionOptions } from './onnx_session.ts';
import type { Logits } from '../labels.ts';

await serveThread(async (data) => {
  const session = await openSession(data as SessionOptions);
  return {
    answer: (request: InferenceRequest): Promise<Logits> => session.infer(request),
    close: () => session.close(),
  };
});
