import { defineConfig } from 'vitest/config';

/** The tests of what is pure in core and pld-plugin: what the mutation run repeats for each change that it makes. */
export default defineConfig({
  test: {
    include: ['packages/core/src/*.test.ts', 'packages/core/src/{plugins,checkpoint}/*.test.ts', 'packages/pld-plugin/src/*.test.ts'],
    testTimeout: 60_000,
    maxWorkers: 1,
  },
});
