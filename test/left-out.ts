import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

/** How many test files of the packages need the native engine: `test` leaves them out, whether it is installed or not. */
function nativeFiles(): number {
  const folders = readdirSync(join(root, 'packages')).flatMap((name) => [join(root, 'packages', name, 'src'), join(root, 'packages', name, 'test')]);
  const files = folders.flatMap((folder) => readdirSync(folder, { recursive: true }) as string[]);
  return files.filter((name) => name.endsWith('.native.test.ts')).length;
}

/** Says at the end of a run what it left out. */
export default function setup(): () => void {
  return () => {
    console.log(`left out: ${nativeFiles()} files of tests that need the native engine, and the ops on it: \`pnpm test:native\` runs them (docs/native.md)`);
    console.log('left out: the tests in headless Chromium: `pnpm test:browser` runs them (docs/browser.md)');
  };
}
