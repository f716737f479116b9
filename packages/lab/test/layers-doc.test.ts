import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';

const here = import.meta.dirname;
const flush = (code: string): string => code.replaceAll(/^[ \t]+/gm, '');

it('docs/layers.md shows what runs', async () => {
  const page = readFileSync(join(here, '../../../docs/layers.md'), 'utf8');
  const program = flush(readFileSync(join(here, 'code-blocks/layers.ts'), 'utf8'));
  const shown = [...page.matchAll(/^```ts\n(.*?)^```/gms)].map(([, code]) => code as string);
  expect(shown.length).toBeGreaterThan(2);
  for (const code of shown) expect(program).toContain(flush(code));
  vi.spyOn(console, 'log').mockImplementation(() => undefined);
  vi.spyOn(console, 'table').mockImplementation(() => undefined);
  await import('./code-blocks/layers.js');
  vi.restoreAllMocks();
});
