import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
const codes = (text: string): string[] => [...new Set(text.match(/HOOKLINE_[A-Z][A-Z0-9_]*[A-Z0-9]/g) ?? [])];

/** Names of environment variables look like codes. */
const notCodes = ['HOOKLINE_DEBUG'];

it('lists every error code in docs/errors.md, and no other', () => {
  const sources = readdirSync(join(root, 'packages'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.includes('.test') && /\/src(\/|$)/.test(entry.parentPath))
    .filter((entry) => !entry.parentPath.includes('node_modules'))
    .flatMap((entry) => codes(readFileSync(join(entry.parentPath, entry.name), 'utf8')));
  const used = [...new Set(sources)].filter((code) => !notCodes.includes(code)).sort();
  const listed = codes(readFileSync(join(root, 'docs', 'errors.md'), 'utf8')).sort();
  expect(used.length).toBeGreaterThan(10);
  expect(listed).toEqual(used);
});
