import { openGates } from '@hookline/core';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { loadEngine } from '../engines/index.js';
import { kernelCounts } from '../kernels.js';
import { dropout, linear } from '../ops/index.js';
import { blockOf, gatesWith, gradientsOf, type MlpLearner, mlp, planOf, rowsOf } from './fixtures/mlp.js';
import { createParameters, tensorAlgebra } from './index.js';
import { differentiate } from './tape.js';

const gateOf = (branches: Record<string, readonly [boolean, number]>, gain = 1) => ({
  name: 'block',
  active: true,
  gain,
  branches: Object.fromEntries(Object.entries(branches).map(([name, [active, factor]]) => [name, { active, gain: factor }])),
});
const call = (gate: ReturnType<typeof gateOf>, recompute = false) => ({ name: 'block', gate, recompute, seed: [3, 4] as const, mode: 'train' as const });

describe.each(['cpu', 'wasm'] as const)('blocks on %s', (engine) => {
  beforeAll(async () => {
    await loadEngine(engine);
  });

  it('add open branches with their gain, leave closed ones out with what follows them, and scale the whole', () => {
    const { run } = tensorAlgebra();
    const x = tf.tensor1d([1, 2]);
    let calls = 0;
    const tenfold = (v: tf.Tensor) => {
      calls++;
      return tf.mul(v, 10);
    };
    const body = (u: tf.Tensor, { branch }: Parameters<Parameters<typeof run>[2]>[1]) => branch('b', branch('a', u, tenfold, tf.neg), (v) => tf.square(v));
    const value = (gate: ReturnType<typeof gateOf>) => [...run(call(gate), x, body, []).dataSync()];
    expect(value(gateOf({ a: [true, 1], b: [true, 1] }))).toEqual([-11 + 121, -22 + 484]);
    expect(value(gateOf({ a: [true, 0.5], b: [true, 2] }))).toEqual([-6 + 72, -12 + 288]);
    expect(calls).toBe(2);
    expect(value(gateOf({ a: [false, 1], b: [true, 1] }))).toEqual([2, 6]);
    expect(value(gateOf({ a: [false, 1], b: [false, 1] }))).toEqual([1, 2]);
    expect(calls).toBe(2);
    expect(value(gateOf({ a: [false, 1], b: [true, 1] }, 3))).toEqual([1 + 3, 2 + 3 * 4]);
  });

  it('refuse a branch that was not declared', () => {
    const { run } = tensorAlgebra();
    expect(() => run(call(gateOf({ a: [true, 1] })), tf.scalar(1), (x, { branch }) => branch('ffn', x, tf.neg), [])).toThrow(
      expect.objectContaining({ code: 'HOOKLINE_BRANCH', message: expect.stringMatching(/no branch 'ffn'.*'a'/) }),
    );
  });

  it('know norms, inner products and distances, also of what is close together', () => {
    const { norm, dot, distance } = tensorAlgebra();
    expect(norm(tf.tensor2d([[3, 0], [0, 4]]))).toBe(5); // biome-ignore format: a matrix
    expect(dot(tf.tensor1d([1, 2, 3]), tf.tensor1d([4, -5, 6]))).toBe(12);
    expect(distance(tf.tensor1d([1, 2, 3]), tf.tensor1d([1, 5, -1]))).toBe(5);
    expect(distance(tf.fill([1000], 1000), tf.fill([1000], 1000.0009765625))).toBeCloseTo(0.0009765625 * Math.sqrt(1000), 9);
  });
});

describe.each(['cpu', 'wasm'] as const)('recomputation on %s', (engine) => {
  let learner: MlpLearner;
  beforeAll(async () => {
    await loadEngine(engine);
  });
  afterEach(() => learner?.dispose());

  it('changes neither loss nor gradients, nor who has one, under gates and gains', async () => {
    learner = mlp({ depth: 4, post: true });
    const batch = rowsOf(5, 6, 6);
    for (const gain of [1, 1.5]) {
      const gates = gatesWith(learner, (i) => i !== 2, gain).map((gate, i) =>
        i === 1 ? { ...gate, branches: { a: { active: false, gain: 1 }, b: { active: true, gain: 2 } } } : gate,
      );
      for (let repeat = 0; repeat < 2; repeat++) {
        const kept = gradientsOf(learner, batch, { gates });
        const again = gradientsOf(learner, batch, { gates, recompute: true });
        expect(again.names).toEqual(kept.names);
        for (const name of kept.names)
          for (const [i, x] of kept.values(name).entries()) expect(Math.abs((again.values(name)[i] as number) - x)).toBeLessThan(1e-5 * (1 + Math.abs(x)));
        const skip = planOf(learner, { skip: true });
        expect((await learner.update(again, skip)).losses).toEqual((await learner.update(kept, skip)).losses);
      }
    }
  });

  it('keeps less between the passes and runs the forward pass once more', () => {
    learner = mlp({ depth: 4 });
    const batch = rowsOf(5, 6, 6);
    gradientsOf(learner, batch, { recompute: true });
    const measure = (recompute: boolean) => {
      let atHead = 0;
      const block = blockOf(learner, { recompute });
      const counts = kernelCounts(() => {
        learner.gradients(
          batch,
          (name, x, body, ...inputs) => {
            const y = block(name, x, body, ...inputs);
            atHead = tf.memory().numTensors;
            return y;
          },
          { square: 1, first: 1 },
          undefined,
        );
      });
      return { atHead: atHead - tf.memory().numTensors, tanh: counts['Tanh'] };
    };
    const [kept, again] = [measure(false), measure(true)];
    expect(kept.tanh).toBe(8);
    expect(again.tanh).toBe(16);
    expect(again.atHead).toBeLessThan(kept.atHead - 16);
  });

  it('draws the same dropout in both passes', () => {
    const parameters = createParameters({ w: { shape: [8, 8], data: Float32Array.from({ length: 64 }, (_, i) => Math.cos(i)) } });
    const { run } = tensorAlgebra();
    const x = tf.ones([16, 8]);
    const gate = gateOf({});
    const gradient = (recompute: boolean) =>
      differentiate(
        () => tf.sum(run(call(gate, recompute), x, (u, { seed }) => dropout(tf.tanh(linear(u, parameters.get('w'))), 0.5, seed), [])),
        [parameters.variable('w')],
      ).gradients[0]?.dataSync();
    expect(gradient(true)).toEqual(gradient(false));
    parameters.dispose();
  });

  it('gives gradients to inputs, to shared weights and through integer inputs', () => {
    const parameters = createParameters({ w: { shape: [4, 4], data: Float32Array.from({ length: 16 }, (_, i) => Math.sin(i)) } });
    const { run } = tensorAlgebra();
    const w = parameters.variable('w');
    const memory = tf.tensor2d([[0.1, 0.2, 0.3, 0.4]]);
    const gradients = (recompute: boolean) => {
      const { value, gradients } = differentiate(() => {
        const h = linear(memory, w);
        const shared = tf.tanh(linear(memory, w));
        const rows = tf.tensor1d([0, 0], 'int32');
        return tf.sum(
          run(
            call(gateOf({ a: [true, 1] }), recompute),
            h,
            (x, { branch }, m, ids) => branch('a', x, (u) => tf.mul(linear(u, w), tf.add(m as tf.Tensor, tf.sum(tf.cast(ids as tf.Tensor, 'float32'))))),
            [shared, rows],
          ),
        );
      }, [w]);
      value.dispose();
      return [...(gradients[0] as tf.Tensor).dataSync()];
    };
    const [kept, again] = [gradients(false), gradients(true)];
    for (const [i, x] of kept.entries()) expect(again[i]).toBeCloseTo(x, 5);
    parameters.dispose();
  });

  it('refuses tensors that a body takes from outside, whose gradient it would lose', () => {
    const parameters = createParameters({ w: { shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) } });
    const { run } = tensorAlgebra();
    const { numTensors } = tf.memory();
    const pass = () =>
      differentiate(() => {
        const outside = tf.tanh(parameters.get('w'));
        return tf.sum(run(call(gateOf({}), true), parameters.get('w'), (x) => tf.mul(x, outside), []));
      }, [parameters.variable('w')]);
    expect(pass).toThrow(expect.objectContaining({ code: 'HOOKLINE_BLOCK_CAPTURE', message: expect.stringMatching(/block 'block'.*1 tensor that/) }));
    expect(tf.memory().numTensors).toBe(numTensors);
    parameters.dispose();
  });

  it('refuses a body that uses other parameters the second time', () => {
    const parameters = createParameters({ w: { shape: [2], data: Float32Array.of(1, 2) }, z: { shape: [2], data: Float32Array.of(1, 2) } });
    const { run } = tensorAlgebra();
    let calls = 0;
    const pass = () =>
      differentiate(
        () => tf.sum(run(call(gateOf({}), true), tf.square(parameters.get('w')), (x) => tf.mul(x, parameters.get(calls++ === 0 ? 'w' : 'z')), [])),
        [parameters.variable('w')],
      );
    expect(pass).toThrow(expect.objectContaining({ code: 'HOOKLINE_RECOMPUTE' }));
    parameters.dispose();
  });

  it.each<[string, (u: tf.Tensor, turn: number) => tf.Tensor]>([
    ['draws without a key', (u) => tf.dropout(u, 0.5)],
    ['keeps a state', (u, turn) => tf.mul(u, turn)],
  ])('refuses a body that %s, whose gradient would be of other numbers', (_, change) => {
    const parameters = createParameters({ w: { shape: [64], data: new Float32Array(64).fill(1) } });
    const { run } = tensorAlgebra();
    const { numTensors } = tf.memory();
    let calls = 0;
    const pass = () =>
      differentiate(
        () => tf.sum(run(call(gateOf({}), true), tf.square(parameters.get('w')), (x) => change(tf.mul(x, parameters.get('w')), ++calls), [])),
        [parameters.variable('w')],
      );
    expect(() => tf.tidy(() => void pass())).toThrow(
      expect.objectContaining({ code: 'HOOKLINE_RECOMPUTE', message: expect.stringContaining("block 'block' computed other numbers") }),
    );
    expect(tf.memory().numTensors).toBe(numTensors);
    parameters.dispose();
  });

  it('finds draws that show in later steps alone, and reads no more outputs the longer it runs', () => {
    const parameters = createParameters({ w: { shape: [64], data: new Float32Array(64) } });
    const { run } = tensorAlgebra();
    const { numTensors } = tf.memory();
    let reads = 0;
    const pass = (drawn: boolean) =>
      tf.tidy(() => {
        const { dataSync } = tf.Tensor.prototype;
        tf.Tensor.prototype.dataSync = function count(this: tf.Tensor) {
          reads++;
          return dataSync.call(this);
        } as typeof dataSync;
        try {
          differentiate(() => {
            const body = (x: tf.Tensor) => tf.add(x, tf.mul(drawn ? tf.dropout(x, 0.5) : x, parameters.get('w')));
            return tf.sum(run(call(gateOf({}), true), tf.add(parameters.get('w'), 1), body, []));
          }, [parameters.variable('w')]);
        } finally {
          tf.Tensor.prototype.dataSync = dataSync;
        }
      });
    for (let step = 0; step < 12; step++) pass(false);
    expect(reads).toBe(2 * 4); // runs 1, 2, 4 and 8
    for (let step = 12; step < 15; step++) pass(true); // the weight is zero: nothing shows
    parameters.assign('w', tf.ones([64]));
    expect(() => pass(true)).toThrow(expect.objectContaining({ code: 'HOOKLINE_RECOMPUTE' }));
    expect(tf.memory().numTensors).toBe(numTensors);
    parameters.dispose();
  });

  it('is nothing special without a backward pass', () => {
    learner = mlp({ depth: 2 });
    const gates = openGates(learner.blocks);
    const block = blockOf(learner, { gates, mode: 'evaluate', recompute: true });
    expect(learner.evaluate('dev', block, undefined)).toEqual(learner.evaluate('dev', blockOf(learner, { gates, mode: 'evaluate' }), undefined));
  });
});
