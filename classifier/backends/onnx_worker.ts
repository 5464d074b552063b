/** The thread that the onnx backend talks to: opens the session that it was told to open, and answers texts with logits. */
import { serveThread } from './thread.ts';
import { openSession, type SessionOptions } from './onnx_session.ts';
import type { Logits } from '../labels.ts';

await serveThread<SessionOptions, readonly string[], Logits>(async (options) => {
  const session = await openSession(options);
  return { answer: (texts) => session.infer(texts), close: () => session.close() };
});
