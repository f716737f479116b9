import { expect, it } from 'vitest';
import { tiny as shape } from './fixtures/tiny.js';
import { benchProfile } from './profile.js';

it.each([
  ['wasm', 'HOOKLINE_OPTIONS'],
  ['native', 'HOOKLINE_ENGINE_MISSING'],
] as const)('needs the native engine: %s', async (engine, code) => {
  await expect(benchProfile({ engine, shape })).rejects.toMatchObject({ code });
});
