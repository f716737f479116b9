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
      torch: { version: '2.9', threads: 2, optimizer: 'fused', lossDifference: 2.3e-6 },
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
      PyTorch 2.9, 2 threads, fused AdamW; losses over 10 steps without dropout agreed within 2.3e-6."
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

  it('says what each process held, and the largest batch under a limit', () => {
    const figure = (name: string, peak: number, loaded: number) => ({ name, peaks: [peak], median: peak, quartiles: [peak, peak] as const, loaded });
    const lines = benchLines({
      ...{ kind: 'memory', machine, shape: benchShape, steps: 8, over: 'PyTorch, eager' },
      figures: [figure('dense', 1.2e9, 3e8), figure('PyTorch, eager', 1.5e9, 2.5e8)],
      ratios: [{ name: 'dense', median: 0.8, quartiles: [0.79, 0.81] }],
      largest: {
        limit: 2e9,
        batches: [
          { name: 'dense', batch: 23, peak: 1.98e9 },
          { name: 'PyTorch, eager', batch: 0, peak: 0 },
        ],
      },
      torch: { version: '2.9', threads: 2 },
    });
    expect(lines.slice(3).join('\n')).toMatchInlineSnapshot(`
      "                peak, MB    quartiles  before the model  of training    over PyTorch, eager  processes
      ──────────────  ────────  ───────────  ────────────────  ───────────  ─────────────────────  ─────────
      dense               1200  1200 – 1200               300          900  0.800 (0.790 – 0.810)          1
      PyTorch, eager      1500  1500 – 1500               250         1250                      1          1

      Peak resident memory by the kernel after 8 steps, each in a fresh process; MB are 10⁶ bytes. Before the model: with engine or library loaded.
      Largest batch under 2000 MB, dense: 23 (peak 1980 MB).
      PyTorch, eager: not even a batch of 1 fits under 2000 MB.
      PyTorch 2.9, 2 threads, fused AdamW."
    `);
  });

  it('shows ops of a profile with the rate of products', () => {
    const op = { op: 'BatchMatMulV2', shapes: '[1,4,8] [1,8,2] -> [1,4,2]', calls: 2, milliseconds: 2.56e-6 };
    const lines = benchLines({
      ...{ kind: 'profile', machine, shape: benchShape, dropout: 0, rounds: 3, step: { median: 50, quartiles: [49, 51] } },
      parts: [{ part: 'blocks, forward', median: 20, quartiles: [19, 21], products: 15 }],
      blocks: [{ block: 'encoder.0', forward: 20, backward: 40 }],
      outside: [],
      opByOp: [op],
      plainStep: 100,
    });
    expect(lines.slice(3).join('\n')).toMatchInlineSnapshot(`
      "The compiled step: 50.0 ms (49.0 – 51.0), 3 steps
      part               ms    quartiles    share  its products alone
      ───────────────  ────  ───────────  ───────  ──────────────────
      blocks, forward  20.0  19.0 – 21.0  100.0 %                15.0

      A block: 20.0 ms forward, 40.0 ms backward, the mean of 1.

      Single ops beside the graphs, in a compiled step
        calls  ms  of the step  GFLOP/s
        ─────  ──  ───────────  ───────

      The same step op by op, 100 ms: what each op takes by itself; graphs fuse and reorder them
                                                calls    ms  of the step  GFLOP/s
      ────────────────────────────────────────  ─────  ────  ───────────  ───────
      BatchMatMulV2 [1,4,8] [1,8,2] -> [1,4,2]      2  0.00        0.0 %      100"
    `);
  });
});
