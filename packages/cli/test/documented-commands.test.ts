/** Every command line of `hookline` in the documentation is one that the real parser of arguments takes. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { type Command, CommanderError } from 'commander';
import { expect, it } from 'vitest';
import { commands } from '../src/commands/index.js';
import { createProgram } from '../src/program.js';

const root = join(import.meta.dirname, '../../..');
const pagesIn = (folder: string, depth = 9): string[] =>
  readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return depth > 0 && !['node_modules', 'dist', 'fixtures'].includes(entry.name) ? pagesIn(path, depth - 1) : [];
    return entry.name.endsWith('.md') ? [path] : [];
  });
const pages = ['README.md', ...['docs', 'examples', 'packages'].flatMap((folder) => pagesIn(folder))];

/** The words of a line of a shell, as far as its first operator: quotes are taken off, a comment is left out. */
function wordsOf(line: string): string[] {
  const parts = line.match(/'[^']*'|"[^"]*"|[^\s'"]+/g) ?? [];
  const end = parts.findIndex((part) => /^(#.*|&&|\||;|>)$/.test(part));
  return parts.slice(0, end < 0 ? undefined : end).map((part) => part.replace(/^(['"])(.*)\1$/, '$2'));
}

/** What follows `hookline` on each line of a fenced block and in each code span of a page that begins with it, or with what runs it. */
function commandLines(page: string): { readonly line: string; readonly args: readonly string[] }[] {
  const fences = [...page.matchAll(/^```(?:sh|bash|)\n(.*?)^```/gms)].flatMap(([, block]) => block!.split('\n'));
  const spans = [...page.replaceAll(/^```.*?^```/gms, '').matchAll(/`([^`\n]+)`/g)].map(([, span]) => span!);
  return [...fences, ...spans].flatMap((line) => {
    const words = wordsOf(line.trim().replace(/^(npx (--yes )?pnpm@\d+ |npx )/, ''));
    const starts = words[0] === 'start' && line.includes('pnpm@');
    return words[0] === 'hookline' || starts ? [{ line, args: starts ? words : words.slice(1) }] : [];
  });
}

/** The program with commands that do nothing. */
function parser(): Command {
  const program = createProgram({ out: () => undefined, err: () => undefined, interactive: false }, commands);
  const quiet = (command: Command): void => {
    if (command.commands.length === 0) command.action(() => undefined);
    command.commands.forEach(quiet);
  };
  quiet(program);
  return program;
}

/** Whether the words do no more than name a command: a mention, not a line to type. */
const named = (args: readonly string[]): boolean => {
  const found = args.reduce<Command | undefined>((command, word) => command?.commands.find((one) => one.name() === word), parser());
  return found !== undefined && args.length > 0;
};

async function complaint(args: readonly string[]): Promise<string | undefined> {
  if (named(args)) return undefined;
  try {
    await parser().parseAsync(args, { from: 'user' });
    return undefined;
  } catch (error) {
    return error instanceof CommanderError && error.exitCode === 0 ? undefined : String(error);
  }
}

const documented = pages.flatMap((page) => commandLines(readFileSync(join(root, page), 'utf8')).map((found) => ({ page: relative('.', page), ...found })));

it('finds the command lines of the documentation', () => {
  expect(documented.length).toBeGreaterThan(40);
});

it.each(documented)('$page: $line', async ({ args }) => {
  expect(await complaint(args)).toBeUndefined();
});

it('would find a flag that does not exist', async () => {
  expect(await complaint(['pretrain', '--copus', 'texts'])).toMatch(/unknown option '--copus'/);
});
