/**
 * Starting and stopping several services in order. Started first, stopped last: the store outlives the stages that
 * write to it. A service whose start fails stops the ones before it, so no half-started process is left.
 */

export interface Service {
  readonly name: string;
  start(): Promise<void>;
  /** Resolves when in-flight work is durable. Called at most once. */
  stop(): Promise<void>;
}

/** Starts services in order and returns a function that stops them in reverse; the first error of a stop is thrown last. */
export async function startAll(services: readonly Service[]): Promise<() => Promise<void>> {
  const running: Service[] = [];
  const stopAll = async (): Promise<void> => {
    const failures: unknown[] = [];
    for (const service of running.splice(0).reverse()) {
      await service.stop().catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw failures[0];
  };
  for (const service of services) {
    running.push(service);
    try {
      await service.start();
    } catch (error) {
      await stopAll().catch(() => undefined);
      throw error;
    }
  }
  return stopAll;
}
