/** A save of the watch by itself, as ledger.ts does it beside what else it writes. */
import type { Checkpoint } from '../../alerting/checkpoint.ts';
import { clearTouched } from '../../alerting/memory.ts';
import type { Watch } from '../../alerting/watch.ts';
import type { State } from '../../core/state/state.ts';

export async function saveWatch(state: State, checkpoint: Checkpoint, watch: Watch): Promise<void> {
  let confirm = (): void => undefined;
  await state.transaction(() => {
    confirm = checkpoint.save(watch.state, watch.touched, new Map());
  });
  confirm();
  clearTouched(watch.touched);
}
