import { cpSync, existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { hookline } from './run-hookline.js';
import { makeWorkspace, removeWorkspace } from './workspace.js';

let cwd = '';
beforeAll(async () => {
  cwd = await makeWorkspace();
  cpSync(join(import.meta.dirname, '..', '..', 'glue', 'test', 'fixtures', 'glue'), join(cwd, 'glue'), { recursive: true });
}, 120_000);
afterAll(() => removeWorkspace(cwd));

const study = (...flags: string[]) =>
  hookline(['study', 'stability', '--data', 'glue', '--tasks', 'rte', '--engine', 'cpu', '--epochs', '1', '--out', 'study', '--json', ...flags], { cwd });
const cellsOf = (out: string): readonly Record<string, unknown>[] =>
  out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ event }) => event === 'cell');
const result = (cell: string): string => join(cwd, 'study', cell, 'result.json');

it('runs each cell once, goes on where it stopped, and keeps the axes apart', async () => {
  const flags = ['--checkpoints', 'one=run,two=run', '--methods', 'none,pld'];
  const first = await study(...flags, '--seeds', '1', '--jobs', '2');
  expect({ code: first.code, err: first.err }).toEqual({ code: 0, err: [] });
  expect(new Set(cellsOf(first.out).map(({ name }) => name))).toEqual(new Set(['rte/one/none/seed-0', 'rte/two/none/seed-0', 'rte/one/pld/seed-0']));
  expect(existsSync(join(cwd, 'study', 'rte/one/none/seed-0/predictions/RTE.tsv'))).toBe(true);
  expect(existsSync(join(cwd, 'study', 'rte/one/none/seed-0/run/checkpoints'))).toBe(false);
  const { peakMemory, score, processorSeconds } = JSON.parse(readFileSync(result('rte/one/none/seed-0'), 'utf8')) as Record<string, number>;
  expect(peakMemory).toBeGreaterThan(20 * 2 ** 20);
  expect(processorSeconds).toBeGreaterThan(0);
  expect(score).toBe((JSON.parse(readFileSync(result('rte/two/none/seed-0'), 'utf8')) as { score: number }).score); // the same weights under another name

  const kept = statSync(result('rte/one/none/seed-0')).mtimeMs;
  rmSync(result('rte/one/pld/seed-0')); // as if it had been interrupted
  const again = await study(...flags, '--seeds', '1');
  expect(again.code).toBe(0);
  expect(cellsOf(again.out).map(({ name, done, of }) => [name, done, of])).toEqual([['rte/one/pld/seed-0', 3, 3]]);
  expect(statSync(result('rte/one/none/seed-0')).mtimeMs).toBe(kept);
  const { tables } = JSON.parse(again.out.trim().split('\n').at(-1)!) as { tables: readonly { title: string; rows: readonly (readonly string[])[] }[] };
  expect(tables.map(({ title, rows }) => [title, rows.map(([name]) => name)])).toEqual([
    ['RTE: how the checkpoint was pre-trained, fine-tuned dense', ['one', 'two']],
    ['RTE: what is done while fine-tuning, on one checkpoint', ['none', 'pld']],
  ]);
  const other = await study(...flags, '--seeds', '1', '--epochs', '2');
  expect(other.code).toBe(2);
  expect(other.err).toEqual([expect.stringMatching(/\[HOOKLINE_STUDY\] study\/rte\/one\/none\/seed-0 was run with other settings/)]);
  const page = readFileSync(join(cwd, 'study', 'report.html'), 'utf8');
  expect(page).toContain('Box plots of scores');
  expect(page).toContain('Some were made 1 at a time, some 2 at a time: compare no seconds here.');
  expect(page).not.toMatch(/(src|href)="http/);
}, 180_000);

it.each([
  { name: 'a checkpoint without a name', flags: ['--checkpoints', 'run'], line: /\[HOOKLINE_USAGE\] 'run' in --checkpoints is no name=path/ },
  {
    name: 'an unknown method',
    flags: ['--checkpoints', 'one=run', '--methods', 'pdl'],
    line: /\[HOOKLINE_OPTIONS\] there is no method 'pdl'; did you mean 'pld'\?/,
  },
  {
    name: 'a strength beyond 1',
    flags: ['--checkpoints', 'one=run', '--methods', 'none,pld=2'],
    line: /\[HOOKLINE_OPTIONS\] 'pld=2' has no strength from 0 to 1/,
  },
  { name: 'no task', flags: ['--checkpoints', 'one=run', '--tasks', ','], line: /\[HOOKLINE_USAGE\] --tasks names nothing/ },
  { name: 'a rate of 0', flags: ['--checkpoints', 'one=run', '--learning-rates', '0'], line: /\[HOOKLINE_OPTIONS\] study: option 'learningRate.peak'/ },
  {
    name: 'a second checkpoint that is not there',
    flags: ['--checkpoints', 'one=run,two=./nowhere'],
    line: /\[HOOKLINE_PRETRAINED\] there is no '\.\/nowhere'/,
  },
  { name: 'an unknown difference of weights', flags: ['--checkpoints', 'one=run', '--allow', 'all'], line: /\[HOOKLINE_OPTIONS\] study: option 'allow/ },
  { name: 'data that is not there', flags: ['--checkpoints', 'one=run', '--data', 'nowhere'], line: /\[HOOKLINE_DATA_MISSING\] .*nowhere/ },
])('refuses $name', async ({ flags, line }) => {
  const { code, err } = await study(...flags, '--out', 'refused');
  expect({ code, lines: err.length }).toEqual({ code: 2, lines: 1 });
  expect(err[0]).toMatch(line);
  expect(existsSync(join(cwd, 'refused'))).toBe(false);
});
