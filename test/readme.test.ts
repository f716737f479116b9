import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');

it('shows in the README the program that runs in a user’s empty project', () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const shown = [...readme.matchAll(/<!-- the file (\S+) -->\n```ts\n(.*?)```/gs)];
  expect(shown).toHaveLength(1);
  for (const [, file, code] of shown) expect(code).toBe(readFileSync(join(root, file!), 'utf8'));
});

it('links to files that exist', () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const links = [...readme.matchAll(/\]\(([^)#]+)\)/g)].map(([, target]) => target!);
  expect(links.length).toBeGreaterThan(5);
  for (const target of links) expect(() => readFileSync(join(root, target)), target).not.toThrow(/ENOENT/);
});
