/**
 * One training run a folder: two that wrote the same checkpoint would overwrite each other's weights every few minutes, and
 * both would export whatever stood there last. Reading a checkpoint (`--export-only` beside a run) needs no lock, because it is
 * replaced as a whole.
 */
import { TidewatchError } from '../../core/errors.ts';
import { lockFolder } from '../../core/lock.ts';

/** Does the work while no other process, and nobody else in this one, does any in the folder. @throws TidewatchError storage.* */
export async function alone<Done>(folder: string, work: () => Promise<Done>): Promise<Done> {
  const giveBack = await lockFolder(folder).catch((cause: unknown) => {
    if (!(cause instanceof TidewatchError) || cause.code !== 'storage.locked') throw cause;
    throw new TidewatchError('storage.locked', `Another training run works in ${folder}: ${cause.message}`, {
      cause,
      hint: 'Wait for it, or stop it first: the next run goes on from its last checkpoint. Or give this one another folder.',
    });
  });
  try {
    return await work();
  } finally {
    await giveBack();
  }
}
