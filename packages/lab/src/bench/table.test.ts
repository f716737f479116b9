import { describe, expect, it } from 'vitest';
import type { BenchMachine } from './machine.js';
import { slope } from './saving.js';
import { benchShape } from './shape.js';
import { benchLines } from './table.js';

const machine: BenchMachine = {
  processor: 'Some CPU',
  cores: 2,
  system: 'linux x64',
  node: '20.20.2',
  tfjs: '4.22.0',
  engine: 'wasm 4.22.0: one thread',
  date: '2026-11-24',
};
const timing = (name: string, median: number) => ({ name, times: [median], median, quartiles: [median - 1, median + 1] as const });

describe('slope', () => {
  it('is that of the line through the points, and the best fit where there is none', () => {
    expect(
      slope([
        [0, 1],
        [1, 3],
        [2, 5],
      ]),
    ).toBe(2);
    expect(
      slope([
        [0, 0],
        [1, 3],
        [2, 0],
        [3, 3],
      ]),
    ).toBeCloseTo(0.6, 12);
  });
});

describe('benchLines', () => {
  it('says what was measured on what, and how many times as long the others take', () => {
    const ratios = [{ name: 'stock', median: 8.25, quartiles: [8, 8.5] as const }];
    const lines = benchLines({ kind: 'step', machine, clock: 'wall', shape: benchShape, timings: [timing('hookline', 50.25), timing('stock', 414)], ratios });
    expect(lines.join('\n')).toMatchInlineSnapshot(`
      "Some CPU, 2 cores, linux x64; Node 20.20.2, tfjs 4.22.0, wasm 4.22.0: one thread; 2026-11-24
      BERT L=4 H=256 A=4 V=8000, batch 8 x 128, 20 masked a row; time on the wall

                ms a step    quartiles  steps       times as long
      ────────  ─────────  ───────────  ─────  ──────────────────
      hookline       50.3  49.3 – 51.3      1                   1
      stock           414    413 – 415      1  8.25 (8.00 – 8.50)"
    `);
  });

  it('says what share of a dropped block is saved', () => {
    const lines = benchLines({
      kind: 'saving',
      machine,
      clock: 'cpu',
      shape: benchShape,
      timings: [timing('4 of 4 blocks', 400)],
      millisecondsPerBlock: 80,
      most: 330,
      realised: 0.9697,
    });
    expect(lines.join('\n')).toMatchInlineSnapshot(`
      "Some CPU, 2 cores, linux x64; Node 20.20.2, tfjs 4.22.0, wasm 4.22.0: one thread; 2026-11-24
      BERT L=4 H=256 A=4 V=8000, batch 8 x 128, 20 masked a row; processor time

                     ms a step  quartiles  steps
      ─────────────  ─────────  ─────────  ─────
      4 of 4 blocks        400  399 – 401      1

      An open block costs 80.0 ms; dropping every block could save 330 ms.
      Saving realised: 97.0 % of a dropped block's time."
    `);
  });
});
