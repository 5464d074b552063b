/**
 * Ending the process at once, whatever its engines are doing. process.exit runs the destructors of native libraries, and
 * those of the model's and the store's abort, or wait for ever, while one of their threads is at work. A signal's default
 * action runs nothing: the same as kill, which every write here survives (docs/delivery.md).
 */
export function endAtOnce(signal: 'SIGINT' | 'SIGTERM'): void {
  // Without listeners the signal has its default action again; a shell sees 130 or 143.
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}
