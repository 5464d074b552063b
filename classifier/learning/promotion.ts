/**
 * Promoting a candidate and taking that back. A candidate needs a verdict that speaks for it, and against the very model that
 * labels now: a comparison with a model that is gone says nothing. Rolling back needs no verdict: it returns to what was there
 * before the last promotion that was not yet taken back, as often as there are any.
 */
import { join } from 'node:path';
import { TidewatchError, toTidewatchError } from '../../core/errors.ts';
import { verdictTable } from './gate.ts';
import type { LogEntry, ModelLibrary, Pointer } from './model_library.ts';

export interface Decision {
  readonly author: string;
  readonly reason: string;
}

/**
 * Makes `model` the current one. `shipped` is the model that labels where no other was promoted.
 * @throws TidewatchError input.invalid with the table of why, model.missing, model.checksum
 */
export async function promote(library: ModelLibrary, model: string, shipped: string, by: Decision): Promise<void> {
  const found = (await library.list()).find((one) => one.model === model);
  if (found === undefined) {
    throw new TidewatchError('model.missing', `There is no model ${model} in ${library.folder}`, {
      hint: 'tidewatch models lists them; tidewatch train --from-feedback makes one.',
    });
  }
  const current = (await library.pointer('current'))?.model ?? shipped;
  if (current === model) throw new TidewatchError('input.invalid', `${model} is the current model already.`);
  const { verdict } = found;
  if (verdict === null || verdict.candidate !== model || verdict.against !== current) {
    const why = verdict === null ? 'was never compared' : `was compared with ${verdict.against}`;
    throw new TidewatchError('input.invalid', `${model} ${why}; ${current} labels now.`, {
      hint: 'tidewatch train --from-feedback makes a candidate from it, and compares the two.',
    });
  }
  if (!verdict.promotable) {
    await library.note({ action: 'refuse', model, checksum: null, ...by, reason: verdict.reasons[0] ?? '' });
    throw new TidewatchError('input.invalid', `${model} is not better than ${current}.\n${verdictTable(verdict)}`);
  }
  await library.point('current', model, { ...by, action: 'promote' });
  if ((await library.pointer('shadow'))?.model === model)
    await library.point('shadow', null, { author: by.author, reason: 'promoted', action: 'end_shadow' });
}

/**
 * Goes back to what was there before the last promotion; answers its name, null for the model that comes with Tidewatch.
 * @throws TidewatchError input.invalid without a promotion, model.* where that model is gone or not what it was then
 */
export async function rollBack(library: ModelLibrary, by: Decision): Promise<string | null> {
  const before = lastBefore(await library.log());
  if (before === undefined) throw new TidewatchError('input.invalid', 'No promotion is left that could be taken back.');
  if (before !== null) {
    await library.verified(before).catch((cause: unknown) => {
      const { code, message } = toTidewatchError(cause);
      throw new TidewatchError(code, `Nothing was rolled back. ${message}`, {
        cause,
        hint: `Put the folder ${library.folderOf(before.model)} back as it was then; or remove ${join(library.folder, 'current.json')}: then the model that comes with Tidewatch labels.`,
      });
    });
  }
  await library.point('current', before?.model ?? null, { ...by, action: 'roll_back' });
  return before?.model ?? null;
}

/** What was there before the newest promotion that no roll-back has answered; undefined without any. */
export function lastBefore(log: readonly LogEntry[]): Pointer | null | undefined {
  const open: (Pointer | null)[] = [];
  for (const { action, before } of log) {
    if (action === 'promote') open.push(before);
    if (action === 'roll_back') open.pop();
  }
  return open.at(-1);
}

/** The next version of a model that people taught: `1.1.0` becomes `1.1.0-learned.1`, that `1.1.0-learned.2`. */
export function nextVersion(version: string, known: readonly string[]): string {
  const stem = version.replace(/-learned\.\d+$/, '');
  const numbers = [version, ...known].map((one) => Number(/-learned\.(\d+)$/.exec(one)?.[1] ?? 0));
  return `${stem}-learned.${Math.max(0, ...numbers) + 1}`;
}
