import { defineConfig } from 'vitest/config';

/** The tests in headless Chromium, a browser that the system has: what cannot be tested elsewhere. Without one they are skipped. */
export default defineConfig({
  test: {
    include: ['test/browser/*.browser.test.ts'],
    testTimeout: 240_000,
    hookTimeout: 60_000,
    maxWorkers: 1,
    typecheck: { enabled: false },
  },
});
