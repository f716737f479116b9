import { describe, expect, it } from 'vitest';
import type { BenchMachine } from './machine.js';
import { savingOfDrops, slope } from './saving.js';
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

describe('savingOfDrops', () => {
  it('is the time saved by dropping over the time saved by building without, round by round', () => {
    const all = { ...timing('all', 0), times: [100, 200] };
    const gated = { ...timing('gated', 0), times: [55, 120] };
    const built = { ...timing('built', 0), times: [50, 100] };
    expect(savingOfDrops(6, all, gated, built)).toEqual({
      dropped: 6,
      median: expect.closeTo(0.85, 12),
      quartiles: [expect.closeTo(0.825, 12), expect.closeTo(0.875, 12)],
    });
  });
});

describe('benchLines', () => {
  it('says what was measured on what, and how many times as long the others take', () => {
    const ratios = [{ name: 'stock', median: 8.25, quartiles: [8, 8.5] as const, ours: 0.121 }];
    const floors = [{ name: 'hookline', gigaflops: 151.6, median: 1.5, quartiles: [1.4, 1.6] as const }];
    const timings = [timing('hookline', 50.25), timing('stock', 414)];
    const lines = benchLines({
      ...{ kind: 'step' as const, machine, clock: 'wall' as const, shape: benchShape, dropout: 0.1, timings, ratios, floors },
      torch: { version: '2.9', threads: 2, lossDifference: 2.3e-6 },
    });
    expect(lines.join('\n')).toMatchInlineSnapshot(`
      "Some CPU, 2 cores, linux x64; Node 20.20.2, tfjs 4.22.0, wasm 4.22.0: one thread; 2026-11-24
      BERT L=4 H=256 A=4 V=8000, batch 8 x 128, 20 masked a row; time on the wall

                ms a step    quartiles  steps       times as long  hookline over it
      ────────  ─────────  ───────────  ─────  ──────────────────  ────────────────
      hookline       50.3  49.3 – 51.3      1                   1                 1
      stock           414    413 – 415      1  8.25 (8.00 – 8.50)             0.121

      hookline: 152 GFLOP/s in the step's matrix products; the step takes 1.50 (1.40 – 1.60) times as long as they alone.
      Dropout 0.1 in hookline and PyTorch, none in stock.
      PyTorch 2.9, 2 threads; losses over 10 steps without dropout agreed within 2.3e-6."
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
      drops: [{ dropped: 1, median: 0.9512, quartiles: [0.94, 0.96] }],
    });
    expect(lines.join('\n')).toMatchInlineSnapshot(`
      "Some CPU, 2 cores, linux x64; Node 20.20.2, tfjs 4.22.0, wasm 4.22.0: one thread; 2026-11-24
      BERT L=4 H=256 A=4 V=8000, batch 8 x 128, 20 masked a row; processor time

                     ms a step  quartiles  steps
      ─────────────  ─────────  ─────────  ─────
      4 of 4 blocks        400  399 – 401      1

      An open block costs 80.0 ms; dropping every block could save 330 ms.
      Saving realised: 97.0 % of a dropped block's time.
      1 of 4 blocks dropped: time saved over ideal 0.951 (0.940 – 0.960)."
    `);
  });
});
