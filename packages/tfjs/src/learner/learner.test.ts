import { accumulateGradients, clipGradients, during, mergeGates, type Plugin, weightAveraging } from '@hookline/core';
import { resumeConformance } from '@hookline/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { loadEngine } from '../engines/index.js';
import { kernelCounts } from '../kernels.js';
import { blockOf, gatesWith, gradientsOf, lossOf, type MlpLearner, mlp, planOf, type Rows, rowsOf, stepAt } from './fixtures/mlp.js';

/** Gradients with some parameters frozen, and how many kernels they took. */
function countedGradients(of: MlpLearner, batch: Rows, frozen: (name: string) => boolean) {
  let handle = undefined as unknown as ReturnType<typeof gradientsOf>;
  const kernels = kernelCounts(() => {
    handle = of.gradients(batch, blockOf(of), of.data.counts(batch), undefined, [0, 0], frozen);
  });
  return { handle, kernels };
}

describe.each(['cpu', 'wasm'] as const)('the tensor learner on %s', (engine) => {
  beforeAll(async () => {
    await loadEngine(engine);
  });
  let learner: MlpLearner;
  afterEach(() => learner.dispose());

  it('learns', async () => {
    learner = mlp();
    const batch = rowsOf(0, 5, 6);
    const before = await lossOf(learner, batch);
    for (let i = 0; i < 30; i++) await stepAt(learner, i);
    expect(await lossOf(learner, batch)).toBeLessThan(before / 2);
  });

  it('agrees with finite differences, through gates, gains and shared weights', async () => {
    learner = mlp({ depth: 3 });
    const gates = gatesWith(learner, (i) => i !== 1, 1.5).map((gate) => ({
      ...gate,
      branches: { a: { active: true, gain: 2 }, b: { active: gate.name !== 'block.2', gain: 0.5 } },
    }));
    const batch = rowsOf(3, 5, 6);
    const handle = gradientsOf(learner, batch, { gates });
    const saved = learner.save();
    const lossWith = async (name: string, index: number, by: number): Promise<number> => {
      const data = new Float32Array(saved[`weights/${name}`]?.data as Float32Array);
      data[index] = (data[index] as number) + by;
      learner.load({ ...saved, [`weights/${name}`]: { shape: saved[`weights/${name}`]?.shape ?? [], data } });
      return lossOf(learner, batch, { gates });
    };
    for (const [name, index] of [
      ['stem.weight', 7],
      ['stem.bias', 2],
      ['block.0.a.in.weight', 3],
      ['block.0.b.out.weight', 5],
      ['block.2.a.in.bias', 1],
    ] as const) {
      const central = async (h: number) => ((await lossWith(name, index, h)) - (await lossWith(name, index, -h))) / (2 * h);
      const numeric = (4 * (await central(1 / 64)) - (await central(1 / 32))) / 3; // Richardson: error of order h⁴
      expect(Math.abs((handle.values(name)[index] as number) - numeric) / Math.max(1, Math.abs(numeric)), name).toBeLessThan(1e-3);
    }
    expect(handle.names).not.toContain('block.1.a.in.weight');
    expect(handle.names).not.toContain('block.2.b.in.weight');
    await learner.update(handle, planOf(learner, { gates }));
  });

  it(`keeps the number of live tensors flat over ${engine === 'wasm' ? 500 : 100} steps`, async () => {
    learner = mlp({ depth: 2 });
    learner.weights.copy('ema');
    const cycle = async (i: number) => {
      const gates = gatesWith(learner, (b) => (i + b) % 3 !== 0, i % 2 ? 1 : 1.25);
      const batch = await learner.data.batch(i);
      const first = gradientsOf(learner, batch, { gates, recompute: i % 5 === 0 });
      const both = gradientsOf(learner, batch, { gates }, first).map((gradient) => tf.mul(gradient, 2));
      await learner.update(
        both.clipValue(3).clipNorm(1).scale(0.5),
        planOf(learner, { step: i, gates, dropped: (['skip', 'decay', 'zeroGradient'] as const)[i % 3] ?? 'skip' }),
      );
      learner.weights.lerp('ema', 0.1);
      if (i % 50 === 0) await learner.evaluate('dev', blockOf(learner, { mode: 'evaluate' }), 'ema');
    };
    for (let i = 0; i < 6; i++) await cycle(i);
    const { numTensors, numDataBuffers } = tf.memory();
    for (let i = 6; i < (engine === 'wasm' ? 506 : 106); i++) await cycle(i);
    expect(tf.memory()).toMatchObject({ numTensors, numDataBuffers });
  });

  it('runs the kernels of a model built from the active blocks alone, in all 16 gate patterns', async () => {
    learner = mlp({ depth: 4 });
    const batch = rowsOf(0, 5, 6);
    for (let pattern = 0; pattern < 16; pattern++) {
      const active = [0, 1, 2, 3].filter((i) => pattern & (1 << i));
      const small = mlp({ depth: 4, only: active });
      const count = (of: MlpLearner, gates = gatesWith(of, () => true)) => {
        let handle = undefined as unknown as ReturnType<typeof gradientsOf>;
        const pass = kernelCounts(() => {
          handle = gradientsOf(of, batch, { gates });
        });
        const update = kernelCounts(() => void of.update(handle.clipNorm(1), planOf(of, { gates })));
        return { pass, update };
      };
      const gates = gatesWith(learner, (i) => active.includes(i));
      expect(count(learner, gates)).toEqual(count(small));
      small.dispose();
    }
  });

  it('computes no gradient for frozen parameters, nor what only those need', async () => {
    learner = mlp({ depth: 3 });
    const batch = rowsOf(0, 5, 6);
    const top = (of: MlpLearner) => (name: string) => !name.startsWith(of.blocks.at(-1)?.name as string);
    /** Kernels that two blocks more take, but for the copies that keep a tensor for the backward pass. */
    const ofTwoBlocks = (frozenIn: (of: MlpLearner) => (name: string) => boolean) => {
      const [low, high] = [3, 5].map((depth) => {
        const of = mlp({ depth });
        const { kernels } = countedGradients(of, batch, frozenIn(of));
        of.dispose();
        return kernels;
      });
      const more = Object.entries(high ?? {}).map(([name, n]): [string, number] => [name, n - (low?.[name] ?? 0)]);
      return Object.fromEntries(more.filter(([name, n]) => name !== 'Identity' && n !== 0));
    };
    const forward = ofTwoBlocks(() => () => true);
    expect(ofTwoBlocks(top)).toEqual(forward);
    expect(ofTwoBlocks(() => () => false)).not.toEqual(forward);

    const all = gradientsOf(learner, batch);
    const { handle: none } = countedGradients(learner, batch, () => true);
    expect([none.names, none.norm(), none.losses()]).toEqual([[], 0, all.losses()]);
    const { handle: some } = countedGradients(learner, batch, top(learner));
    expect([...some.names]).toEqual(learner.blocks[2]?.parameters);
    for (const name of some.names) expect([...some.values(name)]).toEqual([...all.values(name)]);
    const saved = learner.save();
    await learner.update(none, planOf(learner, { dropped: 'zeroGradient', rateScale: () => 0 }));
    expect(learner.save()).toEqual(saved);
    await learner.update(some, planOf(learner, { dropped: 'zeroGradient', rateScale: (name) => (top(learner)(name) ? 0 : 1) }));
    const changed = Object.entries(learner.save()).filter(([name, { data }]) => data.join() !== saved[name]?.data.join());
    expect(changed.every(([name]) => name.includes('block.2.'))).toBe(true);
    expect(changed.length).toBe(4 * 6); // weight, both moments, counter
  });

  it('measures weights, and their way from a slot, which can be removed', async () => {
    learner = mlp({ depth: 2 });
    const { weights } = learner;
    const { numTensors } = tf.memory();
    weights.copy('before');
    expect(Object.values(weights.norms('before')).every((norm) => norm === 0)).toBe(true);
    const before = learner.save();
    const gradients = gradientsOf(learner, rowsOf(0, 5, 6));
    const seen = gradients.losses();
    expect((await learner.update(gradients, planOf(learner))).losses).toEqual(seen);
    const after = learner.save();
    const [norms, ways] = [weights.norms(), weights.norms('before')];
    expect(Object.keys(norms)).toEqual(weights.names);
    for (const name of weights.names) {
      const now = after[`weights/${name}`]?.data as Float32Array;
      const then = before[`weights/${name}`]?.data as Float32Array;
      expect(norms[name], name).toBeCloseTo(Math.hypot(...now), 5);
      expect(ways[name], name).toBeCloseTo(Math.hypot(...now.map((w, i) => w - (then[i] as number))), 5);
    }
    weights.remove('before');
    weights.remove('never');
    expect(weights.has('before')).toBe(false);
    expect(() => weights.norms('before')).toThrow(expect.objectContaining({ code: 'HOOKLINE_WEIGHTS' }));
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  it('keeps and runs again, under recomputation, what a model built from the active blocks alone does', async () => {
    learner = mlp({ depth: 4 });
    const batch = rowsOf(0, 5, 6);
    /** Kernels of both passes, and the tensors that are kept when the last block is done. */
    const counted = (of: MlpLearner, recompute: boolean, gates = gatesWith(of, () => true)) => {
      const run = blockOf(of, { gates, recompute });
      let kept = 0;
      const block: typeof run = (name, x, body, ...inputs) => {
        const y = run(name, x, body, ...inputs);
        kept = tf.memory().numTensors;
        return y;
      };
      const pass = () => of.gradients(batch, block, of.data.counts(batch), undefined);
      void of.update(pass(), planOf(of, { skip: true })); // the first look at each block is over
      const before = tf.memory().numTensors;
      let handle = undefined as unknown as ReturnType<typeof pass>;
      const kernels = kernelCounts(() => {
        handle = pass();
      });
      void of.update(handle, planOf(of, { skip: true }));
      return { kernels, kept: kept - before };
    };
    for (const active of [[1, 2], [3], [0, 2, 3]]) {
      const gates = gatesWith(learner, (i) => active.includes(i));
      const small = mlp({ depth: 4, only: active });
      expect(counted(learner, true, gates)).toEqual(counted(small, true));
      expect(counted(learner, true, gates).kept).toBeLessThan(counted(learner, false, gates).kept);
      small.dispose();
    }
  });

  it("resumes bit for bit under the core's trainer, with dropping, recomputation, accumulation, clipping and averaging", async () => {
    learner = mlp();
    const dropping: Plugin = {
      name: 'dropping',
      setup: (run) => ({
        onStep: during('begin', (step) => {
          const plan = step.gates.map((gate, i) => ({ ...gate, active: run.random('drop', step.index, i) < 0.6, gain: 1.5 }));
          const recompute = (block: string) => block.endsWith('1');
          return { ...step, gates: mergeGates(step.gates, plan), recompute, dropped: step.index % 2 ? 'decay' : 'zeroGradient' };
        }),
      }),
    };
    const plugins = () => [dropping, accumulateGradients({ microBatches: 2 }), clipGradients({ norm: 0.5 }), weightAveraging({ decay: 0.9 })];
    const report = await resumeConformance({ plugins, learner: () => mlp({ depth: 3 }), every: 3, kills: [1, 4, 6], steps: 9 });
    expect(report.kills.map((kill) => kill.resumedAt)).toEqual([0, 3, 6]);
  });

  it('leaves nothing behind when disposed of', async () => {
    learner = mlp();
    const { numTensors } = tf.memory();
    const other = mlp();
    other.weights.copy('ema');
    await stepAt(other, 0);
    gradientsOf(other, rowsOf(0, 5, 6));
    other.dispose();
    expect(tf.memory().numTensors).toBe(numTensors);
  });
});
