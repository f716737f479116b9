import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import {
  activeMoments,
  equalBlocks,
  expectedSaving,
  keepProbabilities,
  layerDropOptions,
  matchedDropping,
  parseTrace,
  pldOptions,
  type Schedule,
  stochasticDepthOptions,
  theta,
} from '../src/index.js';

const read = (name: string) => readFileSync(new URL(name, import.meta.url), 'utf8');
const readme = read('../README.md').replaceAll(/ +\|/g, ' |'); // the formatter pads tables

/** Cells of the table whose heading row begins with these cells. */
function table(heading: string): string[][] {
  const lines = readme.slice(readme.indexOf(`| ${heading}`)).split('\n');
  const end = lines.findIndex((line) => !line.startsWith('|'));
  return lines.slice(2, end).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

it('tables theta as it is', () => {
  const rows = table('thetaBar | step 0');
  expect(rows.length).toBe(4);
  for (const [thetaBar, ...cells] of rows) {
    expect([0, 100, 200, 500, 1000, 10_000].map((step) => theta(step, { thetaBar: Number(thetaBar), steps: 10_000 }).toFixed(3))).toEqual(cells);
  }
});

it('tables the saving of the conventions as it is', () => {
  const rows = table('thetaBar | L=3');
  expect(rows.length).toBe(4);
  for (const [thetaBar, ...cells] of rows) {
    const saved = (depth: number, convention: 'paper' | 'algorithm1') =>
      (100 * expectedSaving({ thetaBar: Number(thetaBar), convention }, { depth, steps: 10_000 })).toFixed(1);
    expect([3, 6, 12, 24].map((depth) => `${saved(depth, 'paper')}/${saved(depth, 'algorithm1')}`)).toEqual(cells);
  }
});

it('tables the saving of the schedules as it is', () => {
  const rows = table('schedule | theta');
  expect(rows.length).toBe(7);
  for (const [name, , saved, thetaBar] of rows) {
    const schedule = /`(\w+)`/.exec(name!)![1] as Schedule;
    expect([name, (100 * expectedSaving({ schedule }, { depth: 12, steps: 10_000 })).toFixed(1)]).toEqual([name, saved]);
    expect([name, matchedDropping({ schedule, matchSaving: 0.25 }, { blocks: equalBlocks(12), steps: 10_000 }).thetaBar.toFixed(3)]).toEqual([name, thetaBar]);
  }
});

it('names every option', () => {
  const named = readme.match(/`\w+`/g)!.map((word) => word.slice(1, -1));
  for (const options of [pldOptions, layerDropOptions, stochasticDepthOptions]) expect(named).toEqual(expect.arrayContaining(Object.keys(options.shape)));
});

it('states the chances that it states', () => {
  const product = (keep: readonly number[], f: (p: number) => number) => (100 * keep.reduce((all, p) => all * f(p), 1)).toFixed(1);
  expect(product(keepProbabilities(4, 0.5), (p) => 1 - p)).toBe('0.6');
  expect(product(keepProbabilities(12, 0.5), (p) => p)).toBe('1.8');
  expect(product(keepProbabilities(6, 0.5), (p) => p)).toBe('11.1');
  expect(activeMoments(keepProbabilities(12, 0.5)).mean).toBe(8.75);
});

it('shows a line that a trace may have', () => {
  const line = /```text\n(.*)\n```/.exec(readme)![1]!;
  expect(parseTrace(line)[0]!.map((gate) => gate.active)).toEqual([true, false]);
});
