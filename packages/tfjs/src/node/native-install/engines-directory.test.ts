import { expect, it } from 'vitest';
import { enginesDirectory } from './engines-directory.js';

it.each([
  [{ HOME: '/home/ada' }, '/home/ada/.cache/hookline/engines'],
  [{ HOME: '/home/ada', XDG_CACHE_HOME: '/big/cache' }, '/big/cache/hookline/engines'],
  [{ HOME: '/home/ada', XDG_CACHE_HOME: 'not/absolute' }, '/home/ada/.cache/hookline/engines'],
  [{ HOME: '/home/ada', XDG_CACHE_HOME: '/big/cache', HOOKLINE_ENGINES_DIR: '/engines' }, '/engines'],
] as const)('of %o is %s', (environment, expected) => {
  expect(enginesDirectory(environment)).toBe(expected);
});
