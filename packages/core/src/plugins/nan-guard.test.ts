import { describe, expect, it } from 'vitest';
import { mergeGates, openGates } from '../gates.js';
import { during } from '../hooks/during.js';
import { memoryStore } from '../memory-store.js';
import type { Plugin } from '../plugin.js';
import { Logger } from '../services.js';
import { residualMlp } from '../testing/residual-mlp.js';
import { createTrainer } from '../trainer.js';
import type { CheckpointStore } from '../trainer-types.js';
import { checkpoints } from './checkpoints.js';
import { evaluateEvery } from './evaluate-every.js';
import { nanGuard } from './nan-guard.js';
import { faultLines, signOf } from './numeric-fault.js';
import { stochasticWeightAveraging } from './stochastic-weight-averaging.js';
import { weightAveraging } from './weight-averaging.js';

type Learner = ReturnType<typeof residualMlp>;
type Injection = (learner: Learner, at: number) => { readonly learner?: Learner; readonly plugins?: readonly Plugin[] };

/** A weight becomes NaN after the update before step `at`. */
const inWeight: Injection = (learner, at) => ({
  plugins: [
    {
      name: 'break-weight',
      onStep: during('begin', (step) => {
        if (step.index !== at) return step;
        const saved = learner.save();
        const name = 'weights/block.1.a.in';
        learner.load({ ...saved, [name]: { ...saved[name]!, data: saved[name]!.data.map((w, i) => (i === 3 ? Number.NaN : w)) } });
        return step;
      }),
    },
  ],
});

const inGradient: Injection = (_, at) => ({
  plugins: [
    {
      name: 'break-gradient',
      onStep: during('gradients', (step) => {
        if (step.index !== at) return step;
        const values = step.gradients.values('block.2.b.out').slice();
        values[0] = Number.POSITIVE_INFINITY;
        return { ...step, gradients: step.gradients.replace({ 'block.2.b.out': values }) };
      }),
    },
  ],
});

/** Some updates break the weights of a block, from a finite loss and gradients. */
const breakUpdate = (when: (index: number) => boolean): Plugin => ({
  name: 'break-update',
  stage: 55,
  onStep: during('gradients', (step) => {
    if (!when(step.index)) return step;
    const values = step.gradients.values('block.2.b.out').slice();
    values[0] = Number.POSITIVE_INFINITY;
    return { ...step, gradients: step.gradients.replace({ 'block.2.b.out': values }) };
  }),
});

const inUpdate: Injection = (_, at) => ({ plugins: [breakUpdate((index) => index === at)] });

/** @param until the batches from `at` on, to this one, are broken */
const inBatch =
  (until = 0): Injection =>
  (learner, at) => ({
    learner: {
      ...learner,
      data: {
        ...learner.data,
        async batch(position) {
          const batch = await learner.data.batch(position);
          return position === at || (position > at && position < until) ? { ...batch, inputs: batch.inputs.map(() => Number.NaN) } : batch;
        },
      },
    },
  });

interface Setting {
  readonly at?: number;
  readonly steps?: number;
  readonly others?: readonly Plugin[];
  readonly optimizer?: 'sgd' | 'adam';
  readonly store?: CheckpointStore;
}

async function guarded(inject: Injection, options: Parameters<typeof nanGuard>[0], setting: Setting = {}) {
  const { at = 4, steps = 8, others = [], optimizer = 'adam', store } = setting;
  const learner = residualMlp({ depth: 3, dropout: 0.2, optimizer });
  const { learner: changed = learner, plugins = [] } = inject(learner, at);
  const warnings: string[] = [];
  const skipped: number[] = [];
  const trainer = createTrainer({
    learner: changed,
    plugins: [nanGuard(options), ...plugins, ...others],
    steps,
    learningRate: 0.01,
    seed: 3,
    ...(store ? { store } : {}),
    services: (run) => run.register(Logger, { useFactory: (): Logger => ({ info: () => undefined, warn: (line) => void warnings.push(line) }) }),
  });
  const evaluated: number[] = [];
  trainer.on('step', (step) => void (step.skipped && skipped.push(step.index)));
  trainer.on('evaluation', ({ metrics }) => void evaluated.push(metrics['loss'] as number));
  const result = await trainer.run();
  const sound = Object.values(learner.save()).every(({ data }) => [...data].every(Number.isFinite));
  return { result, warnings, skipped, evaluated, sound, learner };
}

describe('nanGuard', () => {
  it.each<[string, Injection, RegExp]>([
    ['a weight', inWeight, /^step 4: the loss of 'all' is NaN; not finite: weight 'block\.1\.a\.in' of block 'block\.1'; block 'block\.1' is the first whose/],
    [
      'a gradient',
      inGradient,
      /^step 4: the gradient norm is Infinity; the forward pass is sound, and the gradient of 'block\.2\.b\.out' of block 'block\.2' is/,
    ],
    ['a batch', inBatch(), /^step 4: the loss of 'all' is NaN; the input of block 'block\.0' is not finite already: look at the batch/],
  ])('says where the numbers went wrong in %s, and stops by itself', async (_, inject, message) => {
    const { result, warnings, skipped } = await guarded(inject, {});
    expect(warnings).toEqual([expect.stringMatching(message)]);
    expect(result).toMatchObject({ steps: 5, stopped: warnings[0] });
    expect(skipped).toEqual([4]);
  });

  it('goes on without the step, as a run that leaves it out', async () => {
    const leaveOut: Plugin = { name: 'leave-out', onStep: during('gradients', (step) => ({ ...step, skipUpdate: step.index === 4 })) };
    const plain = await guarded(() => ({}), { policy: 'skip' }, { others: [leaveOut] });
    for (const inject of [inBatch(), inGradient]) {
      const { result, skipped, sound, learner } = await guarded(inject, { policy: 'skip' });
      expect([result.stopped, skipped, sound]).toEqual([undefined, [4], true]);
      expect(learner.save()).toEqual(plain.learner.save());
      expect(result.last!.report).toEqual({ badSteps: 1 });
    }
  });

  it('ends where weights are broken and it may only skip', async () => {
    expect((await guarded(inWeight, { policy: 'skip' })).result).toMatchObject({ steps: 5, stopped: expect.stringContaining("weight 'block.1.a.in'") });
  });

  it('rolls weights back to those of a sound step', async () => {
    const { result, skipped, sound, learner } = await guarded(inWeight, { policy: 'rollback', every: 3 }, { steps: 5 });
    expect([result.stopped, skipped, sound]).toEqual([undefined, [4], true]);
    expect(Object.values(learner.weights.norms('last-sound')).every((way) => way === 0)).toBe(true);
    const { learner: earlier } = await guarded(() => ({}), {}, { steps: 3 }); // copied at step 3, before its update
    expect(learner.save()['weights/head']).toEqual(earlier.save()['weights/head']);
    const longer = await guarded(inWeight, { policy: 'rollback', every: 3 });
    expect([longer.result.steps, longer.result.stopped, longer.sound]).toEqual([8, undefined, true]);
  });

  it.each<[string, Plugin]>([
    ['an exponential average', weightAveraging({ decay: 0.9 })],
    ['an equal average', stochasticWeightAveraging({ start: 0, every: 1 })],
    ['no average', { name: 'none' }],
  ])('lets weights that an update broke into no evaluation and no checkpoint: %s', async (_, average) => {
    const store = memoryStore();
    const others = [average, evaluateEvery({ steps: 1 }), checkpoints({ every: 1 })];
    const { result, warnings, skipped, evaluated, sound } = await guarded(inUpdate, { policy: 'rollback', every: 1 }, { others, optimizer: 'sgd', store });
    expect([result.stopped, skipped, sound]).toEqual([undefined, [], true]);
    expect(warnings).toEqual([expect.stringMatching(/^step 4: the update broke weights.*not finite: weight 'block\.2\.b\.out' of block 'block\.2'$/)]);
    expect(result.last!.report['badSteps']).toBe(1);
    expect(evaluated.length).toBe(8);
    expect(evaluated.every(Number.isFinite)).toBe(true);
    expect(store.saved.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('ends with skip at the update that broke weights, and keeps the checkpoints before it', async () => {
    const store = memoryStore();
    const others = [weightAveraging({ decay: 0.9 }), checkpoints({ every: 1 })];
    const { result, warnings } = await guarded(inUpdate, { policy: 'skip' }, { others, optimizer: 'sgd', store });
    expect(result).toMatchObject({ steps: 5, stopped: warnings[0] });
    expect(store.saved.map(({ step }) => step)).toEqual([1, 2, 3, 4]);
  });

  it('copies no weights that a closed block hides', async () => {
    const hide: Plugin = {
      name: 'hide',
      setup: (run) => ({
        onStep: during('begin', (step) => {
          const closed = openGates(run.blocks).map((gate) => ({ ...gate, active: gate.name !== 'block.1' }));
          return step.index === 4 || step.index === 5 ? { ...step, gates: mergeGates(step.gates, closed) } : step;
        }),
      }),
    };
    const { result, warnings, skipped, sound } = await guarded(inWeight, { policy: 'rollback', every: 1 }, { others: [hide] });
    expect(warnings).toEqual([expect.stringMatching(/^step 4: loss and gradients are finite, and weights are not.*'block\.1\.a\.in'/)]);
    expect([result.stopped, skipped, sound]).toEqual([undefined, [4], true]);
  });

  it('counts steps whose updates break weights in a row, though their losses are sound', async () => {
    const always: Injection = () => ({ plugins: [breakUpdate((index) => index >= 4)] });
    const { result, warnings } = await guarded(always, { policy: 'rollback', every: 1, limit: 2 }, { steps: 12, optimizer: 'sgd' });
    expect(warnings.length).toBe(3);
    expect(result).toMatchObject({ steps: 7, stopped: expect.stringMatching(/^step 6: .*\(3 bad steps in a row\)$/) });
  });

  it.each<[number, number | undefined]>([
    [0, 3], // the limit of those in a row is let pass in any case
    [0.25, 6],
    [100, undefined],
  ])('ends after more than %s bad steps in all', async (total, bad) => {
    const always: Injection = () => ({ plugins: [breakUpdate((index) => index % 2 === 0)] });
    const { result, warnings } = await guarded(always, { policy: 'rollback', every: 1, limit: 2, total }, { steps: 20, optimizer: 'sgd' });
    expect(warnings.length).toBe(bad ?? 10);
    expect(result.stopped).toEqual(bad === undefined ? undefined : expect.stringMatching(new RegExp(`\\(${bad} bad steps in all\\)$`)));
  });

  it.each([
    ['skip', 2, 3],
    ['rollback', 1, 2],
    ['skip', 0, 1],
  ] as const)('%s: ends after more than %d bad steps in a row', async (policy, limit, bad) => {
    const { result, skipped } = await guarded(inBatch(100), { policy, limit });
    expect(skipped.length).toBe(bad);
    expect(result).toMatchObject({ steps: 4 + bad, stopped: expect.stringContaining('is NaN') });
  });

  it('names the micro-batch under accumulation', async () => {
    const { warnings } = await guarded(inBatch(), {}, { at: 5, others: [{ name: 'two', accumulation: 2 }] });
    expect(warnings).toEqual([expect.stringMatching(/^step 2: .*the input of block 'block\.0' of micro-batch 1 is not finite already/)]);
  });

  it('reads nothing of blocks and weights while all is well and it may stop', async () => {
    const learner = residualMlp();
    const asked = { norms: 0, copies: 0 };
    const watched = {
      ...learner,
      algebra: {
        ...learner.algebra,
        norm: () => {
          asked.norms++;
          return 0;
        },
      },
      weights: {
        ...learner.weights,
        norms: () => {
          asked.norms++;
          return {};
        },
        copy: () => void asked.copies++,
      },
    };
    await createTrainer({ learner: watched, plugins: [nanGuard()], steps: 5, learningRate: 0.01 }).run();
    expect(asked).toEqual({ norms: 0, copies: 0 });
  });
});

describe('faultLines', () => {
  const sound = { sign: 'the loss is NaN', weights: [], forward: undefined, lossIsFinite: true, gradients: [] };
  it.each([
    [{ ...sound, lossIsFinite: false }, 'the loss is NaN; every block answers with finite numbers: look behind the last one, at head and loss'],
    [
      { ...sound, weights: ['a', 'b', 'c', 'd', 'e'].map((parameter) => ({ parameter, block: undefined })) },
      "the loss is NaN; not finite: weights 'a', 'b', 'c' and 2 more",
    ],
    [sound, 'the loss is NaN'],
  ])('%#', (fault, expected) => {
    expect(faultLines(fault)).toBe(expected);
  });

  it('signOf looks at losses, then at the norm', () => {
    expect(signOf({ a: 1, b: Number.NaN }, Number.NaN)).toBe("the loss of 'b' is NaN");
    expect(signOf({ a: 1 }, Number.POSITIVE_INFINITY)).toBe('the gradient norm is Infinity');
    expect(signOf({ a: 1 }, 3)).toBeUndefined();
  });
});
