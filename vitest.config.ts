import { defineConfig } from 'vitest/config';

/**
 * Files run in separate processes: chdb holds one data folder a process. Two at a time, because a data folder's engine
 * and the model each use every core.
 */
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: ['default', './test/closing_line.ts'],
  },
});
