/** The thread that the tfjs backend talks to: the native library blocks while it computes, as ONNX Runtime does. */
import type { Logits } from '../labels.ts';
import type { InferenceRequest } from './inference.ts';
import { openTfjsSession, type TfjsOptions } from './tfjs_session.ts';
import { serveThread } from './thread.ts';

await serveThread(async (data) => {
  const session = await openTfjsSession(data as TfjsOptions);
  return {
    answer: (request: InferenceRequest): Promise<Logits> => session.infer(request),
    async close() {
      await session.close();
      // WebGPU keeps a loop of its own that would hold the thread open for ever.
      setImmediate(() => process.exit());
    },
  };
});
