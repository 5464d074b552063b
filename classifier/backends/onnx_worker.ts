/** The thread that the onnx backend talks to: opens the session that it was told to open, and answers texts with logits. */
import { serveThread } from './thread.ts';
import { openSession, type SessionOptions } from './onnx_session.ts';
import type { Logits } from '../labels.ts';

await serveThread(async (data) => {
  const session = await openSession(data as SessionOptions);
  return { answer: (texts: readonly string[]): Promise<Logits> => session.infer(texts), close: () => session.close() };
});
