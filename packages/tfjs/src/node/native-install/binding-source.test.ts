import { expect, it } from 'vitest';
import { changes, ownMemory } from './binding-source.js';

it('takes the shared memory out, and changes nothing else', () => {
  const [before, after] = ['size_t before;\n', 'return after;\n'];
  const made = ownMemory([before, ...changes.map(([published]) => published), after].join(''));
  expect(made).toBe([before, ...changes.map(([, ours]) => ours), after].join(''));
  expect(made).not.toMatch(/auto_ref|TF_NewTensor/);
});

it('refuses a source that it does not know', () => {
  expect(() => ownMemory('#include "tfjs_backend.h"\n')).toThrow(/tfjs_backend\.cc is not as expected: it lacks 'NapiAutoRef \*auto_ref/);
});
