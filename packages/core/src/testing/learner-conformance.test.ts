import { describe, expect, it } from 'vitest';
import { HooklineError } from '../errors.js';
import type { Algebra, Block, Gradients, Learner, RunBlock, UpdatePlan } from '../learner.js';
import type { Scalars, Tensors } from '../values.js';
import { type Check, type LearnerConformanceOptions, learnerConformance, type Rows, residualMlp, type Vec } from './index.js';
import type { LearnerLimit } from './learner-checks/subject.js';

async function failuresOf(checks: readonly Check[]): Promise<Record<string, string>> {
  const failures: Record<string, string> = {};
  for (const { name, run } of checks) {
    await run().catch((error: unknown) => {
      failures[name] = String(error);
    });
  }
  return failures;
}

const double = ({ values, gradient }: Vec): Vec => ({ values: values.map((x) => 2 * x), gradient });
const small = { depth: 3, width: 3, rows: 10, batch: 3, dropout: 0.2 };

type Mlp = Learner<Rows, Vec>;
type Case = readonly [what: string, check: string, message: RegExp, change: (learner: Mlp) => Partial<Mlp>];

/** The learner with another algebra. */
const running = ({ algebra }: Mlp, run: (call: RunBlock, whole: (call: RunBlock) => Vec, x: Vec) => Vec): Partial<Mlp> => ({
  algebra: { ...algebra, run: (call, x, body, inputs) => run(call, (as) => algebra.run(as, x, body, inputs), x) } satisfies Algebra<Vec>,
});

const updating = (learner: Mlp, change: (plan: UpdatePlan) => Partial<UpdatePlan>): Partial<Mlp> => ({
  update: (gradients, plan) => learner.update(gradients, { ...plan, ...change(plan) }),
});

/**
 * The learner with other verbs.
 * @param update which handle an update takes: the one that verbs led to, or the raw one that they began with
 */
function withVerbs(learner: Mlp, change: (handle: Gradients<Vec>) => Partial<Gradients<Vec>>, update: 'own' | 'raw' = 'own'): Partial<Mlp> {
  const inner = new WeakMap<Gradients<Vec>, { readonly own: Gradients<Vec>; readonly raw: Gradients<Vec> }>();
  const around = (handle: Gradients<Vec>, raw = handle): Gradients<Vec> => {
    const verbs: Gradients<Vec> = {
      ...handle,
      clipNorm: (limit) => around(handle.clipNorm(limit), raw),
      clipValue: (limit) => around(handle.clipValue(limit), raw),
      scale: (factor, which) => around(handle.scale(factor, which), raw),
      map: (f) => around(handle.map(f), raw),
      replace: (values) => around(handle.replace(values), raw),
      ...change(handle),
    };
    inner.set(verbs, { own: handle, raw });
    return verbs;
  };
  return {
    gradients: (batch, block, denominators, into, ...rest) =>
      around(learner.gradients(batch, block, denominators, into && (inner.get(into)?.own ?? into), ...rest)),
    update: (gradients, plan) => learner.update(inner.get(gradients)?.[update] ?? gradients, plan),
  };
}

/** Runs each block of an evaluation whole, whatever was planned. */
const whole =
  (learner: Mlp): Block<Vec> =>
  (name, x, body, ...inputs) => {
    const branches = { a: { active: true, gain: 1 }, b: { active: true, gain: 1 } };
    return learner.algebra.run(
      { name, gate: { name, active: true, gain: 1, branches }, recompute: false, seed: [0, 0], mode: 'evaluate' },
      x,
      body as never,
      inputs,
    );
  };

const changed = (tensors: Tensors, key: string, fn: (x: number) => number): Tensors => ({
  ...tensors,
  [key]: { ...tensors[key]!, data: Float64Array.from(tensors[key]!.data, fn) },
});

/** Something that the learner keeps between calls, and no checkpoint holds. */
const counting = (): { count: number } => ({ count: 0 });

/**
 * The learner with a running average of its batches, as BatchNorm has.
 * @param move when it moves: in its passes, or by the update whose gradients they gave
 */
function averaging(learner: Mlp, move: 'pass' | 'update'): Partial<Mlp> {
  let average = 0;
  const seen = new WeakMap<Gradients<Vec>, number>();
  const towards = (x: number): void => {
    average += 0.1 * (x - average);
  };
  const gradients: Mlp['gradients'] = (batch, ...rest) => {
    const handle = learner.gradients(batch, ...rest);
    if (move === 'pass') towards(batch.inputs[0]!);
    seen.set(handle, batch.inputs[0]!);
    return handle;
  };
  const update: Mlp['update'] = (handle, plan) => {
    const x = seen.get(handle);
    if (move === 'update' && x !== undefined && !plan.skip) towards(x);
    return learner.update(handle, plan);
  };
  return {
    gradients,
    update,
    save: () => ({ ...learner.save(), average: { shape: [1], data: Float64Array.of(average) } }),
    load: ({ average: saved, ...tensors }) => {
      if (saved?.shape.join() !== '1' || saved.data.length !== 1) throw new HooklineError('HOOKLINE_CHECKPOINT_MODEL', 'average: one number is needed');
      learner.load(tensors);
      average = saved.data[0]!;
    },
  };
}

const misbehaviours: readonly Case[] = [
  [
    'lists a parameter twice',
    'has the parts of a learner',
    /'block.0.a.in' is said to belong to block 'block.0' and to block 'block.1'/,
    ({ blocks }) => ({
      blocks: blocks.map((block, i) => (i === 1 ? { ...block, parameters: [...block.parameters, 'block.0.a.in'] } : block)),
    }),
  ],
  [
    'has no weights for a parameter',
    'has the parts of a learner',
    /save gives no tensor 'weights\/ghost' for parameter 'ghost'/,
    ({ blocks }) => ({
      blocks: blocks.map((block) => (block.name === 'block.2' ? { ...block, parameters: [...block.parameters, 'ghost'] } : block)),
    }),
  ],
  [
    'lacks a verb',
    'has the parts of a learner',
    /option 'weights.lerp': must be a function/,
    ({ weights }) => ({ weights: { ...weights, lerp: undefined as never } }),
  ],
  [
    'shuffles anew at each call',
    'gives the same batch for the same position',
    /asked for from the end, batch \d+/,
    ({ data }) => {
      const calls = counting();
      return { data: { ...data, batch: () => data.batch(calls.count++) } };
    },
  ],
  [
    'draws dropout without a key',
    'keys dropout by the seed',
    /two passes with the same seed differ/,
    (learner) => {
      const calls = counting();
      return {
        gradients: (batch, block, denominators, into, _seed, frozen) => learner.gradients(batch, block, denominators, into, [calls.count++, 0], frozen),
      };
    },
  ],
  [
    'forgets the seed',
    'keys dropout by the seed',
    /another seed changes nothing/,
    (learner) => ({
      ...running(learner, (call, whole) => whole({ ...call, seed: [3, 3] })),
      gradients: (batch, block, denominators, into, _seed, frozen) => learner.gradients(batch, block, denominators, into, [1, 1], frozen),
    }),
  ],
  [
    'draws one mask for ever outside of blocks',
    'keys dropout by the seed',
    /another seed of gradients\(\) alone changes nothing/,
    (learner) => ({
      gradients: (batch, block, denominators, into, _seed, frozen) => learner.gradients(batch, block, denominators, into, [1, 1], frozen),
    }),
  ],
  [
    'draws one mask for ever in blocks',
    'keys dropout by the seed',
    /another seed of blocks alone changes nothing/,
    (learner) => running(learner, (call, whole) => whole({ ...call, seed: [1, 1] })),
  ],
  [
    'shuffles the end of an epoch anew at each call',
    'gives the same batch for the same position',
    /asked for (again|from the end), batch \d+/,
    ({ data }) => {
      const calls = counting();
      return {
        data: { ...data, batch: (position) => data.batch(position % data.batchesPerEpoch === data.batchesPerEpoch - 1 ? position + calls.count++ : position) },
      };
    },
  ],
  [
    'shuffles anew after two epochs',
    'gives the same batch for the same position',
    /asked for (again|from the end), batch \d+/,
    ({ data }) => {
      const calls = counting();
      return { data: { ...data, batch: (position) => data.batch(position >= 2 * data.batchesPerEpoch ? position + calls.count++ : position) } };
    },
  ],
  [
    'has one norm for all tensors',
    'measures tensors by their inner product',
    /the square of norm, for the input of block 'block.0', is 1 and should be/,
    ({ algebra }) => ({ algebra: { ...algebra, norm: () => 1 } }),
  ],
  [
    'takes the inner product for the distance',
    'measures tensors by their inner product',
    /the square of distance, for the output of block 'block.0' and its input, is/,
    ({ algebra }) => ({ algebra: { ...algebra, distance: algebra.dot } }),
  ],
  [
    'lists its blocks in another order',
    'runs its blocks, in their order',
    /block 'block.1' ran after 'block.0', and the learner lists it before/,
    ({ blocks }) => ({
      blocks: [...blocks].reverse(),
    }),
  ],
  [
    'evaluates past its blocks',
    'runs its blocks, in their order',
    /the evaluation of 'dev' runs the blocks none/,
    (learner) => ({ evaluate: (set, _, slot) => learner.evaluate(set, whole(learner), slot) }),
  ],
  [
    "has gradients for a closed block's parameters",
    'leaves closed blocks and branches alone',
    /with block 'block.0' closed, its parameter 'block.0.a.in' has a gradient/,
    (learner) => ({
      gradients: (batch, block, denominators, into, ...rest) => {
        const handle = learner.gradients(batch, block, denominators, into, ...rest);
        return handle.names.includes('block.0.a.in') ? handle : handle.replace({ 'block.0.a.in': new Float64Array(9) });
      },
    }),
  ],
  [
    'runs closed branches',
    'leaves closed blocks and branches alone',
    /the body of the closed branch 'a' of block 'block.0' is called/,
    (learner) => ({
      algebra: {
        ...learner.algebra,
        run: (call, x, body, inputs) =>
          learner.algebra.run(
            call,
            x,
            (at, scope, ...given) => {
              const branch: typeof scope.branch = (name, y, f, after) => {
                const own = call.gate.branches[name]!;
                if (!own.active) f(y);
                return scope.branch(name, y, f, after);
              };
              return body(at, { ...scope, branch }, ...given);
            },
            inputs,
          ),
      },
    }),
  ],
  [
    'ignores the gain',
    'blends by the gain',
    /block 'block.0' with gain 0 is off x \+ gain \(B\(x\) − x\)/,
    (learner) => running(learner, (call, whole) => whole({ ...call, gate: { ...call.gate, gain: 1 } })),
  ],
  [
    'multiplies the whole output by the gain',
    'blends by the gain',
    /block 'block.0' with gain 0/,
    (learner) =>
      running(learner, (call, whole) => {
        const { gain } = call.gate;
        const y = whole({ ...call, gate: { ...call.gate, gain: 1 } });
        return gain === 1 ? y : { values: y.values.map((v) => v * gain), gradient: y.gradient };
      }),
  ],
  [
    'ignores the gain of branches',
    'blends by the gain',
    /branch 'a' of block 'block.0' with gain 3/,
    (learner) =>
      running(learner, (call, whole) =>
        whole({
          ...call,
          gate: { ...call.gate, branches: Object.fromEntries(Object.entries(call.gate.branches).map(([name, { active }]) => [name, { active, gain: 1 }])) },
        }),
      ),
  ],
  [
    'forgets the micro-batch before',
    'adds micro-batches up',
    /over two micro-batches/,
    (learner) => ({
      gradients: (batch, block, denominators, _, ...rest) => learner.gradients(batch, block, denominators, undefined, ...rest),
    }),
  ],
  [
    'divides by the items of the batch',
    'divides each objective by its denominator',
    /with twice the denominator of 'all', the loss 'all'/,
    (learner) => ({
      gradients: (batch, block, denominators, into, ...rest) => {
        const own = learner.data.counts(batch);
        const accumulating = denominators['all'] !== own['all'] && denominators['all'] !== 2 * own['all']!;
        return learner.gradients(batch, block, into || accumulating ? denominators : own, into, ...rest);
      },
    }),
  ],
  [
    'clips by half the limit',
    'has verbs of gradients that do as they say',
    /after clipNorm is/,
    (learner) => withVerbs(learner, (handle) => ({ clipNorm: (limit) => handle.clipNorm(limit / 2) })),
  ],
  [
    'has a norm without a root',
    'has verbs of gradients that do as they say',
    /norm\(\) is/,
    (learner) => withVerbs(learner, (handle) => ({ norm: (name) => handle.norm(name) ** 2 })),
  ],
  [
    'does not map',
    'has verbs of gradients that do as they say',
    /after map is/,
    (learner) =>
      withVerbs(learner, (handle) => ({
        map: () => handle,
      })),
  ],
  [
    'scales everything',
    'has verbs of gradients that do as they say',
    /after scale of one is/,
    (learner) => withVerbs(learner, (handle) => ({ scale: (factor) => handle.scale(factor) })),
  ],
  [
    'updates by gradients that no verb touched',
    'updates by what the verbs gave',
    /after an update by verbs|is the update by those that came from the backward pass/,
    (learner) => withVerbs(learner, () => ({}), 'raw'),
  ],
  [
    'takes handles of earlier steps',
    'refuses handles that are stale or foreign',
    /a second update with the same gradients is not refused/,
    (learner) => {
      const known = new WeakMap<object, { readonly losses: Record<string, number>; readonly gradientNorm: number }>();
      return {
        update: async (gradients, plan) => {
          const before = known.get(gradients);
          const told = before ?? (await learner.update(gradients, plan));
          known.set(gradients, told);
          return told;
        },
      };
    },
  ],
  [
    'loses a sum when another begins',
    'keeps a sum while another begins',
    /updated by gradients after which another sum began, 'weights\/head'/,
    (learner) => {
      let latest: Gradients<Vec> | undefined;
      const lost = new WeakSet<object>();
      return {
        gradients: (batch, block, denominators, into, ...rest) => {
          if (!into && latest) lost.add(latest);
          const handle = learner.gradients(batch, block, denominators, into, ...rest);
          latest = handle;
          return handle;
        },
        update: (gradients, plan) => learner.update(gradients, { ...plan, skip: plan.skip || lost.has(gradients) }),
      };
    },
  ],
  [
    'has a learning rate of its own',
    'follows the learning rate',
    /twice the learning rate, of 'head', moves number 0 by/,
    (learner) => updating(learner, ({ learningRate }) => ({ learningRate: learningRate === 0 ? 0 : 0.01 })),
  ],
  [
    'rounds the learning rate',
    'follows the learning rate',
    /twice the learning rate, of 'head', moves number 0 by/,
    (learner) => updating(learner, ({ learningRate }) => ({ learningRate: Math.round(learningRate * 1000) / 1000 })),
  ],
  [
    'decays weights at a rate of 0',
    'follows the learning rate',
    /a learning rate of 0 moves number 0 of 'head'/,
    (learner) => updating(learner, ({ learningRate }) => ({ learningRate: learningRate || 1e-6 })),
  ],
  [
    'knows frozen parameters and no slow ones',
    'scales the rate of each parameter',
    /a rate scale of 0.5, of 'head', moves number 0 by/,
    (learner) => updating(learner, ({ rateScale }) => ({ rateScale: (name) => (rateScale(name) === 0 ? 0 : 1) })),
  ],
  [
    'slows all parameters as the slowest',
    'scales the rate of each parameter',
    /a rate scale of others, of 'block.2.b.out', moves number 0 by/,
    (learner) =>
      updating(learner, ({ rateScale }) => {
        const slow = learner.weights.names.some((name) => rateScale(name) === 0.5);
        return { rateScale: (name) => (slow ? 0.5 : rateScale(name)) };
      }),
  ],
  [
    "counts each parameter's own steps whatever it is told",
    'counts steps as it is told',
    /counter 'global' is the same as 'own'/,
    (learner) => updating(learner, () => ({ counter: 'own' })),
  ],
  [
    "takes the trainer's count whatever it is told",
    'counts steps as it is told',
    /counter 'own': 'head' depends on the step of the plan/,
    (learner) => updating(learner, () => ({ counter: 'global' })),
  ],
  [
    'ignores the step of the plan',
    'counts steps as it is told',
    /counter 'global': with no step left out, 'head' is another than under 'own'/,
    (learner) => updating(learner, () => ({ step: 0 })),
  ],
  [
    "moves a dropped block's moments under 'skip'",
    'updates dropped parameters by the policy',
    /policy 'skip': '.*' of the closed block 'block.0' changes/,
    (learner) => updating(learner, ({ dropped }) => ({ dropped: dropped === 'skip' ? 'zeroGradient' : dropped })),
  ],
  [
    "lets momentum move weights under 'decay'",
    'updates dropped parameters by the policy',
    /policy 'decay': 'adam.first\/block.0.a.in' of the closed block/,
    (learner) => updating(learner, ({ dropped }) => ({ dropped: dropped === 'decay' ? 'zeroGradient' : dropped })),
  ],
  [
    "does nothing under 'zeroGradient'",
    'updates dropped parameters by the policy',
    /policy 'zeroGradient'/,
    (learner) => updating(learner, ({ dropped }) => ({ dropped: dropped === 'zeroGradient' ? 'skip' : dropped })),
  ],
  [
    'decays frozen weights',
    'freezes at a rate scale of 0',
    /'weights\/head' moves under a rate scale of 0/,
    (learner) => updating(learner, ({ rateScale }) => ({ rateScale: (name) => Math.max(rateScale(name), 1e-3) })),
  ],
  [
    'updates in spite of skip',
    'leaves out an update that is to be skipped',
    /after an update that was to be left out/,
    (learner) => {
      const calls = counting();
      return { update: (gradients, plan) => learner.update(gradients, { ...plan, skip: plan.skip && plan.step === 0 && calls.count++ >= 0 }) };
    },
  ],
  [
    'tells no norm of an update that it leaves out',
    'leaves out an update that is to be skipped',
    /the gradient norm that an update tells which is left out is 0 and should be/,
    (learner) => ({
      update: async (gradients, plan) => ({ ...(await learner.update(gradients, plan)), ...(plan.skip ? { gradientNorm: 0 } : {}) }),
    }),
  ],
  [
    'lerps the wrong way',
    'keeps weights in slots',
    /after lerp by 0.25/,
    ({ weights }) => ({ weights: { ...weights, lerp: (to, amount) => weights.lerp(to, 1 - amount) } }),
  ],
  [
    'has one slot for all',
    'keeps weights in slots',
    /after copy, a step and restore/,
    ({ weights }) => ({
      weights: { ...weights, copy: (to) => weights.copy(to === 'other' ? 'slot' : to), restore: (from) => weights.restore(from === 'other' ? 'slot' : from) },
    }),
  ],
  ['forgets to forget a slot', 'keeps weights in slots', /remove leaves another slot/, ({ weights }) => ({ weights: { ...weights, remove: () => undefined } })],
  [
    'has squares for norms',
    'measures its weights',
    /norms\(\)\['stem'\] is/,
    ({ weights }) => ({
      weights: { ...weights, norms: (from) => Object.fromEntries(Object.entries(weights.norms(from)).map(([name, norm]) => [name, norm ** 2])) },
    }),
  ],
  [
    'measures the weights of a slot, not the difference from them',
    'measures its weights',
    /norms\('slot'\)\['stem'\] is/,
    ({ weights }) => ({
      weights: { ...weights, norms: (from) => (from === undefined || !weights.has(from) ? weights.norms(from) : weights.norms()) },
    }),
  ],
  [
    'forgets what is frozen',
    'spares frozen parameters',
    /the frozen parameter 'head' has a gradient/,
    (learner) => ({ gradients: (batch, block, denominators, into, seed) => learner.gradients(batch, block, denominators, into, seed) }),
  ],
  [
    'tells the losses of a sum',
    'has verbs of gradients that do as they say',
    /losses\(\), beside what the update tells, 'all' is/,
    (learner) =>
      withVerbs(learner, (handle) => ({ losses: () => Object.fromEntries(Object.entries(handle.losses()).map(([name, loss]) => [name, 3 * loss])) })),
  ],
  [
    'moves an average in its passes',
    'leaves out an update that is to be skipped',
    /after a backward pass, 'average' is another/,
    (learner) => averaging(learner, 'pass'),
  ],
  [
    'leaves the weights of the slot in force',
    'evaluates without a trace',
    /after an evaluation of 'dev' under a slot/,
    (learner) => ({
      evaluate: (set, block, slot) => {
        if (slot !== undefined) learner.weights.restore(slot);
        return learner.evaluate(set, block, undefined);
      },
    }),
  ],
  [
    'leaves them in force where an evaluation fails',
    'evaluates without a trace',
    /after an evaluation of 'dev' that failed/,
    (learner) => ({
      evaluate: (set, block, slot) => {
        if (slot === undefined) return learner.evaluate(set, block, undefined);
        const trained = learner.save();
        learner.weights.restore(slot);
        const metrics = learner.evaluate(set, block, undefined);
        learner.load(trained);
        return metrics;
      },
    }),
  ],
  [
    'ignores the slot',
    'evaluates without a trace',
    /under the weights of a slot are not those of these weights/,
    (learner) => ({ evaluate: (set, block, slot) => (slot === 'nowhere' ? learner.evaluate(set, block, slot) : learner.evaluate(set, block, undefined)) }),
  ],
  [
    'remembers the metrics of a slot',
    'evaluates without a trace',
    /the metrics of 'dev' under a slot that was copied to anew are those of before/,
    (learner) => {
      const known = new Map<string, Scalars>();
      return {
        evaluate: async (set, block, slot) => {
          const metrics = await learner.evaluate(set, block, slot);
          if (slot === undefined) return metrics;
          known.set(slot, known.get(slot) ?? metrics);
          return known.get(slot)!;
        },
      };
    },
  ],
  [
    'drops out in evaluations',
    'evaluates by the plan',
    /the metrics of 'dev' depend on the seed of blocks/,
    (learner) => running(learner, (call, whole) => whole({ ...call, mode: 'train' })),
  ],
  [
    'evaluates with all blocks open',
    'evaluates by the plan',
    /the metrics of 'dev' are the same with all blocks closed/,
    (learner) => ({
      evaluate: async (set, block, slot) => {
        await learner.evaluate(set, block, slot);
        return learner.evaluate(set, whole(learner), slot);
      },
    }),
  ],
  [
    'ignores gains in evaluations',
    'evaluates by the plan',
    /the metrics of 'dev' are the same with a gain of 3/,
    (learner) => running(learner, (call, whole) => whole(call.mode === 'evaluate' ? { ...call, gate: { ...call.gate, gain: 1 } } : call)),
  ],
  [
    'gives its own tensors away',
    'saves and loads all of its state',
    /after a later step, in what was saved before, 'weights\/stem'/,
    (learner) => {
      const given: Tensors[] = [];
      const refresh = () => {
        const now = learner.save();
        for (const tensors of given) for (const [key, { data }] of Object.entries(tensors)) (data as Float64Array).set(now[key]?.data ?? data);
      };
      return {
        save: () => {
          const tensors = learner.save();
          given.push(tensors);
          return tensors;
        },
        update: async (gradients, plan) => {
          const told = await learner.update(gradients, plan);
          refresh();
          return told;
        },
      };
    },
  ],
  [
    'does not save the moments',
    'saves and loads all of its state',
    /another/,
    (learner) => ({
      save: () => Object.fromEntries(Object.entries(learner.save()).filter(([key]) => !key.startsWith('adam.first'))),
      load: (tensors) => learner.load({ ...Object.fromEntries(Object.entries(learner.save()).filter(([key]) => key.startsWith('adam.first'))), ...tensors }),
    }),
  ],
  [
    'takes tensors of any shape',
    'refuses tensors that do not fit',
    /another shape of 'counters' is not refused/,
    (learner) => ({
      load: (tensors) =>
        learner.load(
          Object.fromEntries(Object.entries(tensors).map(([key, { shape, data }]) => [key, { shape: key === 'counters' ? [data.length] : shape, data }])),
        ),
    }),
  ],
  [
    'refuses a misfit halfway',
    'refuses tensors that do not fit',
    /was refused, 'weights\/stem' is another/,
    (learner) => ({
      load: (tensors) => {
        try {
          learner.load(tensors);
        } catch (error) {
          learner.load(changed(learner.save(), 'weights/stem', (x) => x + 1));
          throw error;
        }
      },
    }),
  ],
  [
    'counts its steps outside of what it saves',
    'resumes as the run that was not interrupted',
    /killed after step \d and resumed/,
    (learner) => {
      const calls = counting();
      return {
        evaluate: async (set, block, slot) => ({ ...(await learner.evaluate(set, block, slot)), seen: Math.floor(calls.count / 8) }),
        update: (gradients, plan) => {
          if (plan.step > 2) calls.count += 8;
          return learner.update(gradients, plan);
        },
      };
    },
  ],
  [
    'keeps what it was asked to recompute',
    'recomputes to the same',
    /it calls no block's body again in the backward pass/,
    (learner) => running(learner, (call, whole) => whole({ ...call, recompute: false })),
  ],
  [
    'draws other dropout when it recomputes',
    'recomputes to the same',
    /with blocks recomputed, the loss/,
    (learner) => running(learner, (call, whole) => whole(call.recompute ? { ...call, recompute: false, seed: [call.seed[0] + 1, call.seed[1]] } : call)),
  ],
  [
    'cuts the gradient off below a block',
    'has the gradient of its loss',
    /the loss has a slope of/,
    (learner) => ({
      gradients: (batch, block, denominators, into, ...rest) => {
        const cutting: Block<Vec> = (name, x, body, ...inputs) => {
          const y = block(name, x, body, ...inputs);
          return name === 'block.1' ? { values: y.values, gradient: new Float64Array(y.values.length) } : y;
        };
        return learner.gradients(batch, cutting, denominators, into, ...rest);
      },
    }),
  ],
];

describe('learnerConformance', () => {
  it.each<['adam' | 'sgd', readonly LearnerLimit[]]>([
    ['adam', ['live']],
    ['sgd', ['live', 'counters']],
  ])('passes residualMlp with %s', async (optimizer, cannot) => {
    const checks = learnerConformance(() => residualMlp({ ...small, optimizer }), { precision: 'float64', cannot, double });
    expect(await failuresOf(checks)).toEqual({});
  });

  it('passes a learner whose updates take over a running average', async () => {
    const make = (): Mlp => {
      const learner = residualMlp(small);
      return { ...learner, ...averaging(learner, 'update') };
    };
    expect(await failuresOf(learnerConformance(make, { precision: 'float64', cannot: ['live'], double }))).toEqual({});
  });

  it.each(misbehaviours)('%s', async (_, check, message, change) => {
    const make = (): Mlp => {
      const learner = residualMlp(small);
      return { ...learner, ...change(learner) };
    };
    const failures = await failuresOf(learnerConformance(make, { precision: 'float64', cannot: ['live'], double }));
    expect(failures).toEqual({ [check]: expect.stringMatching(message) });
  });

  it.each<[string, RegExp, LearnerConformanceOptions<Vec>]>([
    ['has the parts of a learner', /claimed to have none: 'branches'/, { cannot: ['live', 'branches'] }],
    ['has the parts of a learner', /claimed to have none: 'evaluation'/, { cannot: ['live', 'evaluation'] }],
    ['keys dropout by the seed', /claimed to have no 'dropout'/, { cannot: ['live', 'dropout'] }],
    ['keys dropout by the seed', /claimed to have no 'outerDropout'/, { cannot: ['live', 'outerDropout'] }],
    ['keys dropout by the seed', /claimed to have no 'innerDropout'/, { cannot: ['live', 'innerDropout'] }],
    ['counts steps as it is told', /claimed to count nothing: 'counters'/, { cannot: ['live', 'counters'] }],
    ['recomputes to the same', /claimed not to: 'calls'/, { cannot: ['live', 'calls'] }],
    ['recomputes to the same', /recomputation, claimed as what it cannot: 'recompute' is not refused/, { cannot: ['live', 'recompute'] }],
    ['frees what it made', /nothing counts its tensors; give live/, {}],
    [
      'frees what it made',
      /two more steps leave 2 tensors/,
      {
        live: (
          (n) => () =>
            n++
        )(0),
      },
    ],
  ])('%s: %s', async (check, message, options) => {
    const failures = await failuresOf(learnerConformance(() => residualMlp(small), { precision: 'float64', double, ...options }));
    expect(failures).toEqual({ [check]: expect.stringMatching(message) });
  });

  it('has a learner that misbehaves for each check', () => {
    const names = learnerConformance(() => residualMlp(small)).map(({ name }) => name);
    expect(new Set([...misbehaviours.map(([, check]) => check), 'frees what it made'])).toEqual(new Set(names));
  });
});
