import {
  accumulateGradients,
  type Block,
  type BlockInfo,
  clipGradients,
  createTrainer,
  during,
  eachBlock,
  type Gate,
  type Gradients,
  type Learner,
  openGates,
  type Plugin,
  type StepNews,
  weightAveraging,
} from '@hookline/core';
import { learnerConformance, resumeConformance } from '@hookline/core/testing';
import { progressiveLayerDropping, replayGates, traceOfDraws } from '@hookline/pld-plugin';
import { numpy as np, random } from '@jax-js/jax';
import { describe, expect, it, vi } from 'vitest';
import { type JaxLearnerOptions, jaxLearner, type Model } from './jax-learner.js';
import { concrete } from './numbers.js';

/** The heaps of wasm backends, for jax-js counts its arrays for nobody. */
const heaps = vi.hoisted(() => {
  const made: WebAssembly.Memory[] = [];
  WebAssembly.Memory = class extends WebAssembly.Memory {
    constructor(descriptor: WebAssembly.MemoryDescriptor) {
      super(descriptor);
      made.push(this);
    }
  };
  return made;
});

type Xs = readonly number[];
const inputs: Xs = [1, 2, -1];

interface Chain {
  /** Numbers of a tensor. */
  readonly width?: number;
  readonly compile?: boolean;
  readonly depth?: number;
  /** Told of each call of a branch's body. */
  readonly called?: (name: string) => void;
  readonly dropout?: boolean;
  readonly more?: Partial<JaxLearnerOptions<Xs>>;
}

const weight = (l: number, branch: number) => 0.1 * (l + 1) + 0.3 * branch;

/** y = Π (1 + a)(1 + b) x over blocks of two branches; loss Σ y and Σ y²: everything is known without a library. */
function chain({ width = 3, compile = true, depth = 2, called = () => {}, dropout = false, more = {} }: Chain = {}): Learner<Xs, np.Array> {
  const blocks = Array.from({ length: depth }, (_, l): BlockInfo => {
    const branchParameters = { a: [`${l}.a`], b: [`${l}.b`] };
    return { name: `${l}`, branches: ['a', 'b'], parameters: [`${l}.a`, `${l}.b`], branchParameters, cost: 1 };
  });
  const forward = (xs: Xs, { parameter, block }: Model): np.Array => {
    const shift = np.arange(width);
    let h = np.array(Float32Array.from({ length: width }, (_, i) => xs[i % xs.length]!)).mul(parameter('stem'));
    for (const { name } of blocks)
      h = block(
        name,
        h,
        (x, { branch, key, mode }, zero) => {
          const times = (which: string) => (u: np.Array) => {
            called(`${name}.${which}`);
            const y = u.mul(parameter(`${name}.${which}`));
            return dropout && mode === 'train' ? y.mul(random.bernoulli(key(), 0.5, [width])) : y;
          };
          return branch('b', branch('a', x, times('a')), times('b')).add(zero!.mul(0));
        },
        shift.ref,
      );
    shift.dispose();
    return h;
  };
  return jaxLearner<Xs>({
    parameters: {
      stem: { shape: [width], data: new Float32Array(width).fill(1) },
      ...Object.fromEntries(
        blocks.flatMap(({ name }, l) => ['a', 'b'].map((b, i) => [`${name}.${b}`, { shape: [width], data: new Float32Array(width).fill(weight(l, i)) }])),
      ),
    },
    blocks,
    data: { batchesPerEpoch: 4, batch: (position) => inputs.map((x) => x + (position % 4)), counts: () => ({ sum: 1, square: 3 }) },
    objectives: (xs, model) => {
      const y = forward(xs, model);
      return { sum: y.ref.sum(), square: np.square(y).sum() };
    },
    evaluationSets: ['dev'],
    evaluate: (_, pass) => ({ sum: pass((model) => forward(inputs, model).sum().item()) }),
    compile,
    ...more,
  });
}

/** Block and its trainer without hooks. */
function gradientsOf(learner: Learner<Xs, np.Array>, gates: readonly Gate[], more: { recompute?: boolean; seed?: number; into?: Gradients<np.Array> } = {}) {
  const block: Block<np.Array> = (name, x, body, ...given) => {
    const gate = gates.find((one) => one.name === name)!;
    const run = body as unknown as Parameters<typeof learner.algebra.run>[2];
    return gate.active ? learner.algebra.run({ name, gate, recompute: more.recompute ?? false, seed: [more.seed ?? 1, 2], mode: 'train' }, x, run, given) : x;
  };
  return learner.gradients(inputs, block, { sum: 1, square: 3 }, more.into);
}
const gatesOf = (learner: Learner<Xs, np.Array>, change: (gate: Gate, index: number) => Partial<Gate>) =>
  openGates(learner.blocks).map((gate, i) => ({ ...gate, ...change(gate, i) }));
const neverRun: Block<np.Array> = (_name, x, _body, ..._inputs) => x;
const still = { step: 0, learningRate: 0, rateScale: () => 1, gates: [], dropped: 'skip', counter: 'own', skip: true } as const;
const sum = (xs: readonly number[]) => xs.reduce((a, b) => a + b, 0);

async function train(learner: Learner, plugins: readonly Plugin[], steps = 6): Promise<StepNews[]> {
  const news: StepNews[] = [];
  const trainer = createTrainer({ learner, plugins, steps, seed: 1, learningRate: 0.01 });
  trainer.on('step', (step) => void news.push(step));
  await trainer.run();
  return news;
}

describe.each([true, false])('blocks, compiled: %s', (compile) => {
  it('obey gates and gains of blocks and branches, in the loss and in the gradients', async () => {
    const learner = chain({ compile });
    const gate = (a: readonly [boolean, number], b: readonly [boolean, number], gain = 1) => ({
      gain,
      branches: { a: { active: a[0], gain: a[1] }, b: { active: b[0], gain: b[1] } },
    });
    const [w0, w1] = [0.1, 0.4];
    for (const [change, factor, slope] of [
      [gate([true, 1], [true, 1]), (1 + w0) * (1 + w1), 1 + w1],
      [gate([true, 2], [true, 0.5]), (1 + 2 * w0) * (1 + 0.5 * w1), 2 * (1 + 0.5 * w1)],
      [gate([true, 2], [false, 1]), 1 + 2 * w0, 2],
      [gate([true, 1], [true, 1], 1.5), 1 + 1.5 * ((1 + w0) * (1 + w1) - 1), 1.5 * (1 + w1)],
      [gate([true, 3], [true, 1], 1.5), 1 + 1.5 * ((1 + 3 * w0) * (1 + w1) - 1), 1.5 * 3 * (1 + w1)],
    ] as const) {
      const gradients = gradientsOf(
        learner,
        gatesOf(learner, (_, i) => (i === 0 ? change : { active: false })),
      );
      expect(gradients.names).toEqual(change.branches.b.active ? ['stem', '0.a', '0.b'] : ['stem', '0.a']);
      const values = gradients.values('0.a');
      for (const [i, x] of inputs.entries()) expect(values[i]).toBeCloseTo(slope * x * (1 + (2 / 3) * factor * x), 4);
      const { losses } = await learner.update(gradients, still);
      expect(losses['sum']).toBeCloseTo(factor * sum(inputs), 4);
      expect(losses['square']).toBeCloseTo((factor ** 2 * sum(inputs.map((x) => x * x))) / 3, 4);
    }
    learner.dispose();
  });

  it('draw dropout by the key of the step', async () => {
    const learner = chain({ compile, dropout: true, depth: 1 });
    const lossOf = async (seed: number) => (await learner.update(gradientsOf(learner, openGates(learner.blocks), { seed }), still)).losses['square'];
    const losses = [await lossOf(1), await lossOf(2), await lossOf(3), await lossOf(4), await lossOf(1)];
    expect(losses[4]).toBe(losses[0]);
    expect(new Set(losses).size).toBeGreaterThan(1);
    learner.dispose();
  });
});

describe('learnerConformance', () => {
  const make = () => chain({ dropout: true });
  for (const { name, run } of learnerConformance(make, { cannot: ['live', 'recompute', 'outerDropout'], double: (x: np.Array) => x.mul(2) })) it(name, run);
});

it('a closed block is not called, its parameters and moments stand still', async () => {
  const calls: string[] = [];
  const learner = chain({ compile: false, depth: 3, called: (name) => void calls.push(name) });
  const before = learner.save();
  await train(learner, [replayGates(traceOfDraws(learner.blocks, { active: [[1, 0, 1], [1, 0, 1]] }))], 2); // biome-ignore format: a row a step
  expect(calls).toEqual(['0.a', '0.b', '2.a', '2.b', '0.a', '0.b', '2.a', '2.b']);
  const after = learner.save();
  for (const key of Object.keys(before)) {
    if (/\/1\./.test(key)) expect(after[key]).toEqual(before[key]);
    else expect(after[key]).not.toEqual(before[key]);
  }
  learner.dispose();
});

it('plugins look at tensors in the midst of a pass, replace them one after the other, and leave nothing behind', async () => {
  const seen: np.Array[] = [];
  const times = (name: string, factor: number): Plugin<np.Array> => ({
    name,
    setup: (run) => ({
      onForwardBlock: eachBlock((call) => {
        seen.push(concrete(call.input));
        if (call.phase === 'enter') return { ...call, input: call.input.ref.mul(-1) };
        const { norm, dot, distance } = run.algebra;
        expect(dot(call.input, call.input)).toBeCloseTo(norm(call.input) ** 2, 3);
        expect(distance(call.input, call.output)).toBeCloseTo(norm(call.output) - norm(call.input), 3); // outputs are multiples
        seen.push(concrete(call.output));
        return { ...call, output: call.output.ref.mul(factor) };
      }),
      onStep: during('gradients', (step) => ({ ...step, gradients: step.gradients.map((g) => g.mul(3)) })),
    }),
  });
  const learner = chain({ depth: 1 });
  const [once] = await train(learner, [times('twice', 2), times('thrice', 3)], 1);
  expect(once!.losses['sum']).toBeCloseTo(2 * 3 * 1.1 * 1.4 * sum(inputs), 4);
  expect(new Set(seen).size).toBe(5); // x, −x, −(−x), y, 2y
  expect(seen.map((tensor) => tensor.refCount)).toEqual(seen.map(() => 0));
  learner.dispose();
});

it('steps, averages and evaluations leave nothing on the heap', async () => {
  const learner = chain({ width: 2 ** 16, dropout: true });
  const bytes: number[] = [];
  const watch: Plugin = {
    name: 'watch',
    onStep: during('end', (step) => {
      bytes.push(heaps.reduce((sum, { buffer }) => sum + buffer.byteLength, 0));
      return { ...step, evaluate: ['dev'] };
    }),
  };
  await train(learner, [progressiveLayerDropping({ thetaBar: 0.5 }), clipGradients({ value: 0.1 }), weightAveraging({ decay: 0.9 }), watch], 16);
  learner.dispose();
  expect(bytes[0]).toBeGreaterThan(2 ** 18);
  expect(bytes.at(-1)! - bytes[7]!).toBeLessThan(8 * 2 ** 18); // less than one tensor a step
});

it('resumes bit for bit with layer dropping, accumulation, clipping and averaging', async () => {
  const plugins = () => [
    progressiveLayerDropping({ thetaBar: 0.5 }),
    accumulateGradients({ microBatches: 2 }),
    clipGradients({ norm: 0.5 }),
    weightAveraging({ decay: 0.9 }),
  ];
  const { kills } = await resumeConformance({ plugins, learner: () => chain({ dropout: true }), steps: 5, every: 2, kills: [2] });
  expect(kills).toEqual([{ after: 2, resumedAt: 2 }]);
});

it('every batch of a step counts once, however it is cut', async () => {
  const learner = chain({ compile: false });
  const open = openGates(learner.blocks);
  const once = gradientsOf(learner, open);
  const expected = once.values('0.a').map((g) => 2 * g);
  expect(gradientsOf(learner, open, { into: once }).values('0.a')).toEqual(expected);
  learner.dispose();
});

describe('says what is wrong', () => {
  const code = (code: string) => expect.objectContaining({ code });

  it('in a model', async () => {
    const captured = np.array([1, 2, 3]);
    const broken = (forward: (x: np.Array, model: Model) => np.Array, parameters: readonly string[] = []) => {
      const blocks = [{ name: '0', branches: ['a'], parameters, cost: 1 }];
      const data = { batchesPerEpoch: 1, batch: () => inputs, counts: () => ({ sum: 1 }) };
      const values = { w: { shape: [3], data: new Float32Array(3).fill(1) } };
      const learner = jaxLearner<Xs>({ parameters: values, blocks, data, objectives: (_, model) => ({ sum: forward(model.parameter('w'), model).sum() }) });
      return train(learner, [], 1);
    };
    await expect(broken((x, { block }) => block('0', x, (u) => u.add(captured.ref)))).rejects.toEqual(code('HOOKLINE_BLOCK_CAPTURE'));
    await expect(broken((x, { block }) => block('0', x, (u, { branch }) => branch('z', u, np.tanh)))).rejects.toEqual(code('HOOKLINE_BRANCH'));
    await expect(broken((x, { block }) => block('0', x, (u, { branch }) => branch('a', u, (v) => v.sum())))).rejects.toEqual(code('HOOKLINE_SHAPE'));
    await expect(broken((x, { block, parameter }) => block('0', x, (u) => u.mul(parameter('w'))))).rejects.toEqual(code('HOOKLINE_PARAMETERS'));
    await expect(broken((x) => x)).rejects.toEqual(code('HOOKLINE_BLOCK'));
    expect(() => broken((x) => x, ['z'])).toThrow(code('HOOKLINE_PARAMETERS'));
  });

  it('in what is asked of the learner', async () => {
    const learner = chain({ compile: false });
    const open = openGates(learner.blocks);
    const first = gradientsOf(learner, open);
    expect(() => gradientsOf(learner, open, { recompute: true })).toThrow(code('HOOKLINE_RECOMPUTE'));
    expect(() => gradientsOf(learner, open, { into: first.scale(2) })).toThrow(code('HOOKLINE_GRADIENTS'));
    gradientsOf(learner, open, { into: first });
    expect(() => first.norm()).toThrow(code('HOOKLINE_GRADIENTS'));
    expect(() => learner.weights.lerp('none', 0.5)).toThrow(code('HOOKLINE_WEIGHTS'));
    expect(() => learner.evaluate('none', neverRun, undefined)).toThrow(code('HOOKLINE_EVALUATION_SET'));
    const before = learner.save();
    const { stem: _, ...rest } = Object.fromEntries(Object.entries(before).map(([key, tensor]) => [key.replace('weights/stem', 'stem'), tensor]));
    expect(() => learner.load(rest)).toThrow(code('HOOKLINE_CHECKPOINT_MODEL'));
    expect(() => learner.load({ ...before, more: before['weights/stem']! })).toThrow(code('HOOKLINE_CHECKPOINT_MODEL'));
    expect(learner.save()).toEqual(before);
    learner.dispose();
  });
});
