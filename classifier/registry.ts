/** Every backend by name. Adding one: a file in backends/, a line here, and the contract suite in test/contracts. */
import { createComponent, type ComponentSettings } from '../core/config.ts';
import type { Context } from '../core/component.ts';
import type { Backend } from './backend.ts';
import { onnx } from './backends/onnx.ts';
import { remote } from './backends/remote.ts';
import { tfjs } from './backends/tfjs.ts';

export const backends = [onnx, tfjs, remote] as const;

/**
 * Opens the backend of the `classifier:` section: checks the model and loads it.
 * @throws TidewatchError model.missing, model.checksum, library.missing
 */
export function createBackend(
  settings: { readonly backend: ComponentSettings },
  context: Omit<Context, 'name'>,
): Promise<Backend> {
  return createComponent(backends, settings.backend, context);
}
