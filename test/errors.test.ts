import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
const found = (text: string, pattern: RegExp): string[] => [...text.matchAll(pattern)].map(([, code]) => code!);

/** Names of environment variables look like codes. */
const notCodes = ['HOOKLINE_DEBUG', 'HOOKLINE_ENGINES_DIR'];

it('lists every error code in docs/errors.md once, and no other', () => {
  const sources = readdirSync(join(root, 'packages'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.includes('.test') && /\/src(\/|$)/.test(entry.parentPath))
    .filter((entry) => !entry.parentPath.includes('node_modules'))
    .flatMap((entry) => found(readFileSync(join(entry.parentPath, entry.name), 'utf8'), /['[](HOOKLINE_[A-Z][A-Z0-9_]*)['\]]/g));
  const used = [...new Set(sources)].filter((code) => !notCodes.includes(code)).sort();
  const listed = found(readFileSync(join(root, 'docs', 'errors.md'), 'utf8'), /^\| `(HOOKLINE_[A-Z0-9_]+)` \|/gm).sort();
  expect(used.length).toBeGreaterThan(10);
  expect(listed).toEqual(used);
});
