import { defineConfig } from 'vitest/config';

/** The tests that need the native engine, and those of the ops once more on it: `hookline engines install native` comes first. */
export default defineConfig({
  test: {
    include: ['packages/**/*.native.test.ts', 'packages/tfjs/src/ops/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    env: { HOOKLINE_TEST_ENGINES: 'native' },
    testTimeout: 120_000,
    hookTimeout: 60_000,
    maxWorkers: 1,
    typecheck: { enabled: false },
  },
});
