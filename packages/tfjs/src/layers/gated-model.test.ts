import { type Block, type Gate, openGates } from '@hookline/core';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { loadEngine } from '../engines/index.js';
import { type KernelCounts, kernelCounts } from '../kernels.js';
import { tensorAlgebra } from '../learner/index.js';
import { type GatedModel, gatedModel, layerWeights } from './index.js';

beforeAll(async () => {
  await loadEngine('wasm');
});
afterEach(() => tf.disposeVariables());

type Sym = tfl.SymbolicTensor;
const dense = (name: string, x: Sym, units = 4, activation: 'relu' | 'linear' = 'linear'): Sym =>
  tfl.layers
    .dense({ name, units, activation, kernelInitializer: tfl.initializers.glorotUniform({ seed: name.length + name.charCodeAt(name.length - 1) }) })
    .apply(x) as Sym;
const add = (name: string, ...xs: Sym[]): Sym => tfl.layers.add({ name }).apply(xs) as Sym;
const rows = (key: number, width = 4): tf.Tensor2D =>
  tf.tensor2d(
    Float32Array.from({ length: 3 * width }, (_, i) => Math.sin(key + 1.3 * i)),
    [3, width],
  );
const numbers = (x: tf.Tensor | undefined): number[] => [...(x as tf.Tensor).dataSync()];

/** Gates that are open with gain 1, but for those given. */
const gates = (gated: GatedModel, other: Readonly<Record<string, Partial<Gate>>> = {}): readonly Gate[] =>
  openGates(gated.blocks).map((gate) => ({ ...gate, ...other[gate.name] }));
/** The border of the blocks as the trainer has it, and the algebra of the learner. */
const border = (plan: readonly Gate[]): Block<tf.Tensor> => {
  const { run } = tensorAlgebra();
  return (name, x, body, ...inputs) => {
    const gate = plan.find((each) => each.name === name) as Gate;
    return gate.active ? run({ name, gate, recompute: false, seed: [1, 2], mode: 'train' }, x, body as unknown as Parameters<typeof run>[2], inputs) : x;
  };
};

/** Blocks of a dense layer, a normalization and another dense layer; in the post-activation form each ends in a ReLU. */
function network(depth: readonly number[], post = false): tfl.LayersModel {
  const input = tfl.input({ name: `input${depth.join('')}`, shape: [4] });
  let x = dense('stem', input, 4, 'relu');
  for (const i of depth) {
    const normal = tfl.layers.batchNormalization({ name: `norm${i}` }).apply(dense(`up${i}`, x, 6)) as Sym;
    x = add(`add${i}`, x, dense(`down${i}`, tfl.layers.reLU({ name: `relu${i}` }).apply(normal) as Sym));
    if (post) x = tfl.layers.activation({ name: `out${i}`, activation: 'relu' }).apply(x) as Sym;
  }
  return tfl.model({ name: 'net', inputs: input, outputs: dense('head', x, 2) });
}

describe('a model with gates', () => {
  it('names its blocks, their weights and what they cost', () => {
    const gated = gatedModel(network([0, 1]));
    expect(gated.blocks).toEqual(
      [0, 1].map((i) => ({
        name: `add${i}`,
        branches: [],
        parameters: [`up${i}/kernel`, `up${i}/bias`, `norm${i}/gamma`, `norm${i}/beta`, `down${i}/kernel`, `down${i}/bias`],
        cost: 1,
      })),
    );
    expect(gated.rows[0]?.weights).toBe(24 + 6 + 12 + 24 + 4);
  });

  it.each([false, true])('scales the branch by its gain, before the activation where one belongs to the block (post-activation: %s)', (post) => {
    const model = network([0], post);
    const gated = gatedModel(model);
    const [x, branch] = ['stem', 'down0'].map((name) => {
      const part = tfl.model({ inputs: model.inputs, outputs: model.getLayer(name).output as Sym });
      return numbers(part.predict(rows(1)) as tf.Tensor);
    }) as [number[], number[]];
    const gain = post ? { branches: { residual: { active: true, gain: 2 } } } : { gain: 2 };
    const end = tfl.model({ inputs: model.inputs, outputs: model.getLayer(post ? 'out0' : 'add0').output as Sym });
    const at = gatedModel(end);
    const got = numbers(at.apply([rows(1)], border(gates(at, { add0: gain })))[0]);
    expect(gated.blocks[0]?.branches).toEqual(post ? ['residual'] : []);
    for (const [i, value] of got.entries()) {
      const sum = (x[i] as number) + 2 * (branch[i] as number);
      expect(value).toBeCloseTo(post ? Math.max(0, sum) : sum, 5);
    }
  });

  it.each([false, true])(
    'with half the blocks closed is a step of the model that has only the other half: kernels, gradients, statistics (post-activation: %s)',
    (post) => {
      const model = network([0, 1, 2, 3], post);
      const half = network([1, 2], post);
      for (const [name, { variable }] of layerWeights(half)) variable.write(layerWeights(model).get(name)?.variable.read() as tf.Tensor);
      const gated = gatedModel(model);
      const plan = gates(gated, { add0: { active: false }, add3: { active: false } });
      const trained = (net: tfl.LayersModel) =>
        [...layerWeights(net)].filter(([, { trainable }]) => trainable).map(([name, { variable }]) => [name, variable.read() as tf.Variable] as const);
      const step = (net: tfl.LayersModel, forward: (x: tf.Tensor) => tf.Tensor) => {
        const variables = trained(net);
        let got: Record<string, tf.Tensor> = {};
        const counts = kernelCounts(() => {
          got = tf.variableGrads(
            () => tf.sum(tf.square(forward(rows(2)))) as tf.Scalar,
            variables.map(([, variable]) => variable),
          ).grads;
        });
        return {
          counts,
          gradients: new Map(variables.flatMap(([name, variable]) => (got[variable.name] ? [[name, numbers(got[variable.name])] as const] : []))),
        };
      };
      const statistics = (net: tfl.LayersModel, i: number) =>
        ['mean', 'variance'].map((part) => numbers(layerWeights(net).get(`norm${i}/moving_${part}`)?.variable.read()));
      const before = [0, 1].map((i) => statistics(model, i));

      const mine = step(model, (x) => gated.apply([x], border(plan), { training: true })[0] as tf.Tensor);
      const theirs = step(half, (x) => half.apply(x, { training: true }) as tf.Tensor);
      const withoutCopies = ({ counts }: { readonly counts: KernelCounts }) => ({ ...counts, Identity: 0, Reshape: 0, Cast: 0 }); // of which add layers make some
      expect(withoutCopies(mine)).toEqual(withoutCopies(theirs));
      expect([...mine.gradients.keys()]).toEqual([...theirs.gradients.keys()]);
      for (const [name, values] of theirs.gradients) for (const [i, value] of values.entries()) expect(mine.gradients.get(name)?.[i]).toBeCloseTo(value, 5);
      expect(statistics(model, 0)).toEqual(before[0]);
      expect(statistics(model, 1)).not.toEqual(before[1]);
      expect(statistics(model, 1)).toEqual(statistics(half, 1));
      expect([...gated.skipped(plan)].map(({ name }) => name)).toEqual(
        [0, 3].flatMap((i) => [`up${i}`, `norm${i}`, `relu${i}`, `down${i}`, `add${i}`, ...(post ? [`out${i}`] : [])]),
      );
    },
  );

  it('keeps no tensor, and leaves the model to predict as before', () => {
    const model = network([0, 1]);
    const gated = gatedModel(model);
    const x = rows(3);
    const before = numbers(model.predict(x) as tf.Tensor);
    const { numTensors } = tf.memory();
    tf.tidy(() => void gated.apply([x], border(gates(gated, { add1: { active: false } }))));
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(numbers(model.predict(x) as tf.Tensor)).toEqual(before);
  });
});

describe('graphs out of the ordinary', () => {
  it('a third term beside the residual stays with x', () => {
    const [x, z] = [tfl.input({ name: 'x', shape: [4] }), tfl.input({ name: 'z', shape: [4] })];
    const model = tfl.model({ inputs: [x, z], outputs: add('sum', x, dense('f', x, 4, 'relu'), z) });
    const gated = gatedModel(model);
    expect(gated.rows[0]).toMatchObject({ name: 'sum', begins: 'x', layers: ['f'] });
    const given = [rows(1), rows(2)];
    const open = numbers(gated.apply(given, border(gates(gated)))[0]);
    for (const [i, value] of numbers(model.predict(given) as tf.Tensor).entries()) expect(open[i]).toBeCloseTo(value, 5);
    expect(numbers(gated.apply(given, border(gates(gated, { sum: { active: false } })))[0])).toEqual(
      numbers(tf.add(given[0] as tf.Tensor, given[1] as tf.Tensor)),
    );
  });

  it('a model of two outputs inside: called once, each output where it belongs', () => {
    const inside = tfl.input({ name: 'inside', shape: [4] });
    const [a, b] = [dense('a', inside, 4, 'relu'), dense('b', inside)];
    const pair = tfl.model({ name: 'pair', inputs: inside, outputs: [a, add('inner', b, dense('c', b, 4, 'relu'))] });
    const x = tfl.input({ name: 'x', shape: [4] });
    const [left, right] = pair.apply(x) as Sym[] as [Sym, Sym];
    const model = tfl.model({ inputs: x, outputs: [add('sum', left, dense('d', left, 4, 'relu')), right] });
    const gated = gatedModel(model);
    expect(gated.rows.map(({ name }) => name)).toEqual(['pair/inner', 'sum']);
    const given = rows(4);
    let calls = 0;
    pair.getLayer('a').setCallHook(() => calls++);
    expect(gated.apply([given], border(gates(gated))).map(numbers)).toEqual((model.predict(given) as tf.Tensor[]).map(numbers));
    expect(calls).toBe(3);
  });

  it('a layer that two blocks share runs for the open one, and is skipped with both', () => {
    const x = tfl.input({ name: 'x', shape: [4] });
    const shared = tfl.layers.dense({ name: 'shared', units: 4, activation: 'relu' });
    const first = add('first', x, shared.apply(x) as Sym);
    const gated = gatedModel(tfl.model({ inputs: x, outputs: add('second', first, shared.apply(first) as Sym) }));
    expect(gated.rows.map(({ layers, parameters }) => [...layers, parameters.length])).toEqual([['shared', 0], ['shared:1', 0]]); // biome-ignore format: a list
    const skipped = (...closed: string[]) =>
      [...gated.skipped(gates(gated, Object.fromEntries(closed.map((name) => [name, { active: false }]))))].map(({ name }) => name);
    expect(skipped('first')).toEqual(['first']);
    expect(skipped('first', 'second')).toEqual(['shared', 'first', 'second']);
  });

  it('what only a branch needs is left out with it, other blocks beside it are not', () => {
    const [x, z] = [tfl.input({ name: 'x', shape: [4] }), tfl.input({ name: 'z', shape: [4] })];
    const encoded = add('encoder', z, dense('e', z, 4, 'relu'));
    const both = tfl.layers.concatenate({ name: 'both' }).apply([dense('q', x), dense('k', encoded)]) as Sym;
    const gated = gatedModel(tfl.model({ inputs: [x, z], outputs: add('decoder', x, dense('o', both)) }));
    expect(gated.rows.map(({ name, layers }) => [name, ...layers])).toEqual([
      ['encoder', 'e'],
      ['decoder', 'k', 'q', 'both', 'o'],
    ]);
  });

  it('refuses the wrong number of inputs, and takes integers as the model does', () => {
    const model = network([0]);
    const gated = gatedModel(model);
    expect(() => gated.apply([], border(gates(gated)))).toThrow(
      expect.objectContaining({ code: 'HOOKLINE_LAYERS_MODEL', message: expect.stringMatching(/takes 1 input/) }),
    );
    const whole = tf.tensor2d([1, 2, 3, 4], [1, 4], 'int32');
    expect(numbers(gated.apply([whole], border(gates(gated)))[0])).toEqual(numbers(model.predict(tf.cast(whole, 'float32')) as tf.Tensor));
  });
});
