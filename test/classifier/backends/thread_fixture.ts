/** A thread for tests: doubles numbers, throws at 13, dies at 0; counts its starts in what it is given. */
import { serveThread } from '../../../classifier/backends/thread.ts';
import { TidewatchError } from '../../../core/errors.ts';

await serveThread<number>(async (data) => {
  const { refuse } = data as { refuse: boolean };
  if (refuse) throw new TidewatchError('model.missing', 'no model here', { hint: 'train one' });
  return {
    async answer(request) {
      if (request === 0) process.exit(3);
      if (request === 13) throw new TidewatchError('model.failed', 'unlucky');
      return request * 2;
    },
    close: async () => undefined,
  };
});
