import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build, type Metafile } from 'esbuild';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');

/**
 * Bytes of a bundle for browsers, minified, without what it loads later by `import()`; `parts` by package, before compression, since packages share
 * what they compress to.
 */
interface Size {
  readonly gzip: number;
  readonly parts: Readonly<Record<string, number>>;
}

/** What may be in a bundle, and how large. One that grew for a good reason gets a larger number here, in the commit that made it grow. */
const budgets: Readonly<Record<string, Size>> = JSON.parse(readFileSync(join(root, 'test', 'bundle-sizes.json'), 'utf8'));

const programs: Readonly<Record<string, string>> = {
  'all of @hookline/core': `export * from '@hookline/core'`,
  'all of @hookline/core/browser': `export * from '@hookline/core/browser'`,
  'all of @hookline/pld-plugin': `export * from '@hookline/pld-plugin'`,
  'a trainer with layer dropping': `export { createTrainer } from '@hookline/core'; export { progressiveLayerDropping } from '@hookline/pld-plugin'`,
};

/** The package that a file of the bundle comes from: `zod`, or `@hookline/core` for one of ours. */
function packageOf(file: string): string {
  const installed = /.*\/?node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file);
  const own = /packages\/([^/]+)\/dist\//.exec(file);
  return installed?.[1] ?? (own ? `@hookline/${own[1]}` : file);
}

/** An output file of a bundle and those that it imports at once. */
function eager(outputs: Metafile['outputs'], path: string, seen = new Set<string>()): ReadonlySet<string> {
  if (seen.has(path)) return seen;
  seen.add(path);
  for (const { path: next, kind } of outputs[path]!.imports) if (kind === 'import-statement') eager(outputs, next, seen);
  return seen;
}

async function sizeOf(program: string): Promise<Size & { readonly files: readonly string[] }> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: program, resolveDir: root },
    absWorkingDir: root,
    bundle: true,
    minify: true,
    format: 'esm',
    splitting: true,
    platform: 'browser',
    target: 'es2022',
    metafile: true,
    write: false,
    outdir: 'out',
    logLevel: 'error',
  });
  const entry = Object.keys(metafile.outputs).find((path) => metafile.outputs[path]!.entryPoint !== undefined && path.endsWith('stdin.js'))!;
  const loaded = [...eager(metafile.outputs, entry)];
  const inputs = loaded.flatMap((path) => Object.entries(metafile.outputs[path]!.inputs));
  const parts: Record<string, number> = {};
  for (const [file, { bytesInOutput }] of inputs) parts[packageOf(file)] = (parts[packageOf(file)] ?? 0) + bytesInOutput;
  const largest = inputs.sort(([, a], [, b]) => b.bytesInOutput - a.bytesInOutput).slice(0, 8);
  return {
    gzip: outputFiles.filter(({ path }) => loaded.includes(relative(root, path))).reduce((sum, { contents }) => sum + gzipSync(contents).length, 0),
    parts: Object.fromEntries(Object.entries(parts).filter(([, bytes]) => bytes > 0)),
    files: largest.map(([file, { bytesInOutput }]) => `${bytesInOutput} ${file}`),
  };
}

/** Each number that is over its budget, and each package that has none, in words. */
function overBudget(size: Size, budget: Size): string[] {
  const over = (what: string, bytes: number, most = 0): string[] => (bytes <= most ? [] : [`${what}: ${bytes} bytes, of ${most} at most`]);
  return [
    ...over('compressed', size.gzip, budget.gzip),
    ...Object.entries(size.parts).flatMap(([name, bytes]) => over(`${name}, minified`, bytes, budget.parts[name])),
  ];
}

describe('a bundle for browsers', () => {
  it.each(Object.keys(programs))('of %s is within its budget', async (name) => {
    const { files, ...size } = await sizeOf(programs[name]!);
    const parts = Object.entries(size.parts).sort(([, a], [, b]) => b - a);
    console.log(`${name}: ${size.gzip} bytes compressed; minified ${parts.map(([part, bytes]) => `${part} ${bytes}`).join(', ')}`);
    expect(overBudget(size, budgets[name]!), `the largest files: ${files.join('; ')}`).toEqual([]);
  });

  it('that is larger, or holds another package, is told apart', () => {
    const budget = { gzip: 10, parts: { zod: 5 } };
    expect(overBudget({ gzip: 10, parts: { zod: 5 } }, budget)).toEqual([]);
    expect(overBudget({ gzip: 11, parts: { zod: 6, other: 1 } }, budget)).toEqual([
      'compressed: 11 bytes, of 10 at most',
      'zod, minified: 6 bytes, of 5 at most',
      'other, minified: 1 bytes, of 0 at most',
    ]);
  });
});
