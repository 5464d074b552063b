/**
 * Closes a run with what was skipped, suite by suite, so that a machine without Java, Go or a browser does not look like one
 * that tested everything, and with one plain line that any tool can read: `123 passed, 0 failed, 4 skipped`.
 */
import type { Reporter, TestCase, TestModule, Vitest } from 'vitest/node';

export default class ClosingLine implements Reporter {
  #isWhole = true;

  onInit({ config }: Vitest): void {
    // Whoever asks for tests by their names knows that the others are left out.
    this.#isWhole = config.testNamePattern === undefined;
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    const counts = { passed: 0, failed: 0, skipped: 0, pending: 0 };
    const skipped = new Map<string, number>();
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        counts[state] += 1;
        if (state === 'skipped') {
          const name = `${module.relativeModuleId}: ${suiteOf(test)}`;
          skipped.set(name, (skipped.get(name) ?? 0) + 1);
        }
      }
    }
    if (this.#isWhole && skipped.size > 0) {
      process.stdout.write('\nNOT TESTED on this machine:\n');
      for (const [name, count] of skipped) process.stdout.write(`  ${name} (${count})\n`);
    }
    process.stdout.write(
      `\n${counts.passed} passed, ${counts.failed + counts.pending} failed, ${counts.skipped} skipped\n`,
    );
  }
}

/** The outermost suite, with the test's own note why; a test outside of suites by its name. */
function suiteOf(test: TestCase): string {
  const outermost = test.fullName.split(' > ')[0] ?? test.name;
  const result = test.result();
  const note = result.state === 'skipped' && result.note !== undefined ? `: ${result.note}` : '';
  return `${outermost}${note}`;
}
