import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';

it('learns to tell complaints from praise on wasm, in seconds', () => {
  const printed = execFileSync(process.execPath, [join(import.meta.dirname, '..', 'dist', 'reviews', 'fine-tune.js')], { encoding: 'utf8' });
  const accuracies = [...printed.matchAll(/^after step \d+: accuracy (\d\.\d+)$/gm)].map(([, accuracy]) => Number(accuracy));
  expect(accuracies).toHaveLength(5);
  expect(accuracies.at(-1)).toBeGreaterThan(0.75); // 40 sentences; half are praise
  expect(printed).toMatch(/^a new sentence: (complaint|praise)\n$/m);
});
