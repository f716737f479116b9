import { afterEach, expect, test, vi } from 'vitest';
import { createIdle } from './idle.js';

afterEach(() => void vi.unstubAllGlobals());

test.each<[string, readonly string[]]>([
  ['setImmediate', []],
  ['a message channel', ['setImmediate']],
  ['a timer', ['setImmediate', 'MessageChannel']],
])('it yields to the event loop by %s, again and again', async (_, absent) => {
  const later = setTimeout;
  for (const name of absent) vi.stubGlobal(name, undefined);
  const idle = createIdle();
  let fired = false;
  later(() => {
    fired = true;
  }, 1);
  for (let turns = 0; !fired; turns++) {
    if (turns === 1e6) break;
    await idle();
  }
  expect(fired).toBe(true);
});
