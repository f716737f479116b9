import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['packages/*/src/**/*.test.ts', 'packages/*/test/**/*.test.ts', 'examples/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/*.native.test.ts', '**/*.browser.test.ts'],
    globalSetup: 'test/left-out.ts',
    // Whether a native engine is installed on this machine must not matter to these tests; those that need one are in vitest.native.config.ts.
    env: { HOOKLINE_ENGINES_DIR: '/nowhere' },
    testTimeout: 60_000,
    maxWorkers: 2,
    typecheck: { enabled: false },
  },
});
