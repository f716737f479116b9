import type { NamedTensor } from '@hookline/core';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { loadEngine } from '../engines/index.js';
import { blockOf, gatesWith, gradientsOf, lossOf, type MlpLearner, mlp, planOf, rowsOf, stepAt } from './fixtures/mlp.js';
import { createParameters } from './index.js';

describe.each(['cpu', 'wasm'] as const)('saving and weights on %s', (engine) => {
  let learner: MlpLearner;
  beforeAll(async () => {
    await loadEngine(engine);
  });
  beforeEach(() => {
    learner = mlp({ depth: 3 });
  });
  afterEach(() => learner.dispose());

  const train = async (of: MlpLearner, from: number, to: number, optimizerSteps?: (i: number) => void) => {
    for (let i = from; i < to; i++) {
      const gates = gatesWith(of, (b) => (b + i) % 3 !== 0);
      const dropped = (['skip', 'decay', 'zeroGradient'] as const)[i % 3] ?? 'skip';
      await of.update(gradientsOf(of, await of.data.batch(i), { gates }).clipNorm(0.5), planOf(of, { step: i, gates, dropped }));
      of.weights.lerp('ema', 0.1);
      optimizerSteps?.(i);
    }
  };

  it.each([{ type: 'adamw' }, { type: 'lamb', trustAll: true }, { type: 'rmsprop', momentum: 0.9 }] as const)(
    'goes on bit for bit from a save in the middle, under %o',
    async (optimizer) => {
      const straight = mlp({ depth: 3, optimizer });
      straight.weights.copy('ema');
      let saved = straight.save();
      await train(straight, 0, 12, (i) => {
        if (i === 6) saved = straight.save();
        if (i === 8) void straight.evaluate('dev', blockOf(straight, { mode: 'evaluate' }), 'ema');
      });
      const resumed = mlp({ depth: 3, optimizer });
      resumed.load(saved);
      await train(resumed, 7, 12);
      expect(resumed.save()).toEqual(straight.save());
      straight.dispose();
      resumed.dispose();
    },
  );

  it('saves copies under prefixed names', async () => {
    learner.weights.copy('ema');
    await stepAt(learner, 0);
    const saved = learner.save();
    const before = structuredClone(saved);
    await stepAt(learner, 1);
    expect(saved).toEqual(before);
    expect(Object.keys(saved)).toEqual(
      expect.arrayContaining(['weights/stem.bias', 'adam.m/stem.bias', 'adam.v/stem.bias', 'adam.step/stem.bias', 'slot:ema/stem.bias']),
    );
    expect(saved['adam.step/stem.bias']).toEqual({ shape: [1], data: Int32Array.of(1) });
    expect(Object.keys(saved)).toHaveLength(20 * 5);
  });

  it('takes slots from what it loads, and loses those that are not in it', () => {
    const without = learner.save();
    learner.weights.copy('ema');
    const withEma = learner.save();
    learner.load(without);
    expect(learner.weights.has('ema')).toBe(false);
    learner.load(withEma);
    expect(learner.weights.has('ema')).toBe(true);
    expect(learner.save()).toEqual(withEma);
  });

  it.each([
    [
      'a tensor is missing',
      (t: Record<string, NamedTensor>) => delete t['adam.v/block.1.b.in.bias'],
      /no tensor 'adam.v\/block.1.b.in.bias', which should have shape \[12\]/,
    ],
    [
      'a shape differs',
      (t: Record<string, NamedTensor>) => (t['weights/stem.bias'] = { shape: [7], data: new Float32Array(7) }),
      /'weights\/stem.bias' has shape \[7\] in the checkpoint and \[6\] in the model/,
    ],
    ['numbers are missing', (t: Record<string, NamedTensor>) => (t['weights/stem.bias'] = { shape: [6], data: new Float32Array(5) }), /'weights\/stem.bias'/],
    [
      'there is a tensor too many',
      (t: Record<string, NamedTensor>) => (t['weights/block.3.a'] = { shape: [2], data: new Float32Array(2) }),
      /a tensor 'weights\/block.3.a' of shape \[2\]/,
    ],
    [
      'a slot is incomplete',
      (t: Record<string, NamedTensor>) => (t['slot:ema/stem.bias'] = { shape: [6], data: new Float32Array(6) }),
      /no tensor 'slot:ema\/stem.weight'/,
    ],
  ])('refuses what does not fit and stays as it was when %s', async (_what, change, message) => {
    await stepAt(learner, 0);
    const before = learner.save();
    const wrong = { ...mlp({ depth: 3 }).save() };
    change(wrong);
    const { numTensors } = tf.memory();
    expect(() => learner.load(wrong)).toThrow(expect.objectContaining({ code: 'HOOKLINE_CHECKPOINT_MODEL', message: expect.stringMatching(message) }));
    expect(learner.save()).toEqual(before);
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  it("refuses another optimizer's state", () => {
    const lamb = mlp({ depth: 3, optimizer: { type: 'lamb' } });
    expect(() => learner.load(lamb.save())).toThrow(/no tensor 'adam.m/);
    lamb.dispose();
  });

  it('averages weights exactly, those of dropped blocks too', async () => {
    learner.weights.copy('ema');
    const at = (key: string) => new Float32Array(learner.save()[key]?.data ?? []);
    for (let i = 0; i < 5; i++) {
      const before = at('slot:ema/block.1.a.in.weight');
      await stepAt(learner, i, { gates: gatesWith(learner, (b) => b !== 1 || i === 0) });
      learner.weights.lerp('ema', 0.25);
      const w = at('weights/block.1.a.in.weight');
      const after = at('slot:ema/block.1.a.in.weight');
      for (const [j, x] of before.entries()) expect(after[j]).toBeCloseTo(x + 0.25 * ((w[j] as number) - x), 6);
      if (i > 0) expect(after).not.toEqual(before);
    }
  });

  it('evaluates under the weights of a slot, and under the trained ones after, even when the evaluation throws', async () => {
    const batch = rowsOf(77, 8, 6);
    const evaluate = (slot?: string) => learner.evaluate('dev', blockOf(learner, { mode: 'evaluate' }), slot);
    learner.weights.copy('start');
    const atStart = await evaluate();
    for (let i = 0; i < 5; i++) await stepAt(learner, i);
    const trained = await evaluate();
    expect(trained).not.toEqual(atStart);
    expect(await evaluate('start')).toEqual(atStart);
    expect(await evaluate()).toEqual(trained);
    const loss = await lossOf(learner, batch);
    const failing = () => {
      throw new Error('in the middle');
    };
    expect(() => learner.evaluate('dev', failing, 'start')).toThrow('in the middle');
    expect(await lossOf(learner, batch)).toBe(loss);
    learner.weights.restore('start');
    expect(await evaluate()).toEqual(atStart);
  });

  it('names slots and evaluation sets that are not there', () => {
    const block = blockOf(learner, { mode: 'evaluate' });
    expect(() => learner.weights.copy('a/b')).toThrow(/'a\/b' cannot name/);
    expect(() => learner.weights.lerp('ema', 0.5)).toThrow(expect.objectContaining({ code: 'HOOKLINE_WEIGHTS' }));
    expect(() => learner.evaluate('dev', block, 'ema')).toThrow(/no weight slot 'ema'/);
    expect(() => learner.evaluate('test', block, undefined)).toThrow(/no evaluation set 'test'.*'dev'/);
  });
});

describe('parameters', () => {
  beforeAll(async () => {
    await loadEngine('cpu');
  });

  it('answer by name, and with substitutes until an evaluation is done', async () => {
    const parameters = createParameters({ w: { shape: [2], data: Float64Array.of(1, 2) } });
    const other = new Map([['w', tf.tensor1d([5, 6]) as tf.Tensor]]);
    const value = () => [...parameters.get('w').dataSync()];
    expect(value()).toEqual([1, 2]);
    const inside = parameters.using(other, async () => {
      await Promise.resolve();
      return value();
    });
    expect(parameters.substituted).toBe(true);
    expect(await inside).toEqual([5, 6]);
    expect(parameters.substituted).toBe(false);
    await expect(parameters.using(other, () => Promise.reject(new Error('late')))).rejects.toThrow('late');
    expect(value()).toEqual([1, 2]);
    expect(parameters.names).toEqual(['w']);
    expect(parameters.has('b')).toBe(false);
    parameters.dispose();
  });

  it('keep no hold on the arrays that they were made from', () => {
    const data = Float32Array.of(1, 2);
    const parameters = createParameters({ w: { shape: [2], data } });
    data[0] = 9;
    const read = parameters.read();
    expect([...(read['w']?.data ?? [])]).toEqual([1, 2]);
    (read['w']?.data as Float32Array)[0] = 7;
    expect([...parameters.get('w').dataSync()]).toEqual([1, 2]);
    parameters.dispose();
  });

  it('refuse what does not fit', () => {
    expect(() => createParameters({ w: { shape: [3], data: new Float32Array(2) } })).toThrow(
      expect.objectContaining({ code: 'HOOKLINE_PARAMETERS', message: expect.stringMatching(/'w' of shape \[3\] has 2 numbers instead of 3/) }),
    );
    const parameters = createParameters({ w: { shape: [2], data: new Float32Array(2) } });
    expect(() => parameters.get('v')).toThrow(/no parameter 'v'.*'w'/);
    expect(() => parameters.assign('w', tf.zeros([3]))).toThrow(/shape \[2\] cannot take a tensor of shape \[3\]/);
    parameters.dispose();
  });
});
