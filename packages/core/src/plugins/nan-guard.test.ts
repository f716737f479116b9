import { describe, expect, it } from 'vitest';
import { during } from '../hooks/during.js';
import type { Plugin } from '../plugin.js';
import { Logger } from '../services.js';
import { residualMlp } from '../testing/residual-mlp.js';
import { createTrainer } from '../trainer.js';
import { nanGuard } from './nan-guard.js';
import { faultLines, signOf } from './numeric-fault.js';

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

async function guarded(inject: Injection, options: Parameters<typeof nanGuard>[0], { at = 4, steps = 8, others = [] as readonly Plugin[] } = {}) {
  const learner = residualMlp({ depth: 3, dropout: 0.2 });
  const { learner: changed = learner, plugins = [] } = inject(learner, at);
  const warnings: string[] = [];
  const skipped: number[] = [];
  const trainer = createTrainer({
    learner: changed,
    plugins: [nanGuard(options), ...plugins, ...others],
    steps,
    learningRate: 0.01,
    seed: 3,
    services: (run) => run.register(Logger, { useFactory: (): Logger => ({ info: () => undefined, warn: (line) => void warnings.push(line) }) }),
  });
  trainer.on('step', (step) => void (step.skipped && skipped.push(step.index)));
  const result = await trainer.run();
  const sound = Object.values(learner.save()).every(({ data }) => [...data].every(Number.isFinite));
  return { result, warnings, skipped, sound, learner };
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

  it('reads nothing of blocks and weights while all is well', async () => {
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
    await createTrainer({ learner: watched, plugins: [nanGuard({ policy: 'skip' })], steps: 5, learningRate: 0.01 }).run();
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
