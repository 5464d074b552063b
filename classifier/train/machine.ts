import { cpus } from 'node:os';

/** Where something was trained, as a model card says it. */
export function machine(): string {
  const cores = cpus();
  return `${cores.length} cores of ${cores[0]?.model ?? 'an unknown processor'}`;
}
