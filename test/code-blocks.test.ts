/**
 * Every block of TypeScript in the documentation stands, word for word, in a program that is compiled with the tests (or the examples) and runs: here, or in
 * the test that is named for it. A fragment stands in a program that gives it what it needs.
 */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';

const root = join(import.meta.dirname, '..');

const filesIn = (folder: string, ending: string): string[] =>
  readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return ['node_modules', 'dist', 'fixtures'].includes(entry.name) ? [] : filesIn(path, ending);
    return entry.name.endsWith(ending) ? [path] : [];
  });

const pages = ['README.md', ...['docs', 'examples', 'packages'].flatMap((folder) => filesIn(folder, '.md'))];

/** Programs that others run: by folder, who does. */
const runElsewhere: Readonly<Record<string, string>> = {
  'test/as-a-user': '.ci/packages.mjs, in a project of its own',
  examples: 'the tests in examples/',
};
/** Programs that run here, in a folder of their own. */
const runHere = ['test/code-blocks', 'packages']
  .flatMap((folder) => filesIn(folder, '.ts'))
  .filter((file) => /\/code-blocks\/|\/readme-example\.ts$/.test(file));

/** Programs that are compiled and do not run here, and why. */
const onlyCompiled: Readonly<Record<string, string>> = {
  'packages/lab/test/code-blocks/layers.ts': 'packages/lab/test/layers-doc.test.ts runs it',
  'test/code-blocks/fine-tune.ts': 'needs a checkpoint and the files of RTE; packages/cli/test/finetune.test.ts runs the same by the command',
};

const blocks = pages.flatMap((page) =>
  [...readFileSync(join(root, page), 'utf8').matchAll(/^```(?:ts|typescript|js)\n(.*?)^```/gms)].map(([, code]) => ({ page, code: code! })),
);

/** A block inside a function is indented; nothing else may differ. */
const flush = (code: string): string => code.replaceAll(/^[ \t]+/gm, '');
const programs = [...runHere, ...Object.keys(runElsewhere).flatMap((folder) => filesIn(folder, '.ts'))].map((file) =>
  flush(readFileSync(join(root, file), 'utf8')),
);

it.each(blocks)('$page shows what is compiled and runs: $code', ({ code }) => {
  expect(programs.some((program) => program.includes(flush(code)))).toBe(true);
});

it('finds the blocks, and no exception that is none', () => {
  expect(blocks.length).toBeGreaterThan(15);
  for (const file of Object.keys(onlyCompiled)) expect(runHere).toContain(file);
});

const before = process.cwd();
const where = mkdtempSync(join(tmpdir(), 'hookline-code-blocks-'));
beforeAll(() => {
  cpSync(join(root, 'test/as-a-user/texts'), join(where, 'texts'), { recursive: true });
  writeFileSync(join(where, 'mine.tsv'), 'sentence\tlabel\na fine film\tgood\na poor film\tbad\na great story\tgood\n');
  writeFileSync(join(where, 'mine-dev.csv'), 'sentence,label\n"a story, and a fine one",good\n');
  mkdirSync(join(where, 'runs'));
  process.chdir(where);
  vi.spyOn(console, 'log').mockImplementation(() => undefined);
});
afterAll(() => {
  process.chdir(before);
  vi.restoreAllMocks();
  rmSync(where, { recursive: true, force: true });
});

it.each(runHere.filter((file) => !(file in onlyCompiled)))('%s runs', async (file) => {
  await import(pathToFileURL(join(root, file)).href);
});
