import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');

/** Which packages of this workspace a package may import; the order of docs/design.md. */
const allowed: Record<string, readonly string[]> = {
  core: [],
  'pld-plugin': ['@hookline/core'],
  tfjs: ['@hookline/core'],
  bert: ['@hookline/core', '@hookline/tfjs'],
  glue: ['@hookline/core', '@hookline/tfjs', '@hookline/bert'],
  lab: ['@hookline/core', '@hookline/pld-plugin', '@hookline/tfjs', '@hookline/bert', '@hookline/glue'],
  cli: ['@hookline/core', '@hookline/pld-plugin', '@hookline/tfjs', '@hookline/bert', '@hookline/glue', '@hookline/lab'],
};
const browserCapable = ['core', 'pld-plugin', 'tfjs', 'bert', 'glue'];
const withoutTensors = ['core', 'pld-plugin'];

interface Source {
  readonly file: string;
  readonly package: string;
  readonly forNode: boolean;
  readonly lines: number;
  readonly text: string;
  readonly imports: readonly string[];
}

function sources(): Source[] {
  return Object.keys(allowed).flatMap((name) =>
    readdirSync(join(root, 'packages', name, 'src'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !/\.test(-d)?\.ts$/.test(entry.name))
      .map((entry) => {
        const path = join(entry.parentPath, entry.name);
        const text = readFileSync(path, 'utf8');
        const file = relative(root, path);
        return {
          file,
          package: name,
          forNode: file.includes('/src/node/'),
          lines: text.split('\n').length,
          text,
          imports: ts.preProcessFile(text, true, true).importedFiles.map((found) => found.fileName),
        };
      }),
  );
}

const all = sources();
const offenders = (of: readonly Source[], wrong: (specifier: string) => boolean): string[] =>
  of.flatMap((source) => source.imports.filter(wrong).map((specifier) => `${source.file} imports ${specifier}`));

describe('the rooms of the house', () => {
  it('sees the sources', () => {
    expect(all.length).toBeGreaterThan(60);
    expect(all.some((source) => source.imports.includes('@hookline/core'))).toBe(true);
  });

  it.each(Object.entries(allowed))('%s imports only the packages below it', (name, below) => {
    const inWorkspace = (specifier: string) => specifier.startsWith('@hookline/') || specifier === 'hookline';
    const packageOf = (specifier: string) => specifier.split('/').slice(0, 2).join('/');
    expect(
      offenders(
        all.filter((source) => source.package === name),
        (specifier) => inWorkspace(specifier) && !below.includes(packageOf(specifier)),
      ),
    ).toEqual([]);
  });

  it('never reaches into another package by path', () => {
    expect(
      offenders(all, (specifier) => /^\.\.?\/.*packages\//.test(specifier) || (specifier.startsWith('@hookline/') && specifier.includes('/dist/'))),
    ).toEqual([]);
  });

  it('keeps tensors out of core and pld-plugin', () => {
    expect(
      offenders(
        all.filter((source) => withoutTensors.includes(source.package)),
        (specifier) => specifier.startsWith('@tensorflow/'),
      ),
    ).toEqual([]);
  });

  it('keeps Node out of browser-capable code, but for the node folders', () => {
    const free = all.filter((source) => browserCapable.includes(source.package) && !source.forNode);
    const ofNode = (specifier: string) => specifier.startsWith('node:') || /(^|\/)node\//.test(specifier) || specifier.endsWith('/node');
    expect(offenders(free, ofNode)).toEqual([]);
  });

  it("imports zod by `import * as z from 'zod'`: of `import { z }`, bundlers keep every schema and every language", () => {
    expect(all.filter((source) => /^import \{[^}]*\bz\b[^}]*\} from 'zod'/m.test(source.text)).map((source) => source.file)).toEqual([]);
  });

  it('keeps every file of core under 250 lines', () => {
    expect(all.filter((source) => source.package === 'core' && source.lines > 250).map((source) => `${source.file}: ${source.lines}`)).toEqual([]);
  });
});
