import { HooklineError } from '../errors.js';
import type { BlockInfo } from '../gates.js';
import type { Algebra, Block, BlockScope, Learner, RunBlock } from '../learner.js';
import type { Plugin } from '../plugin.js';
import { uniform } from '../random.js';
import type { Counts } from '../values.js';
import { accumulate, accumulatedOf, gradientHandle, type Named, norm, recipeOf } from './gradient-handle.js';
import { type OptimizerState, optimize } from './optimizer.js';
import { heldOutRows, type Rows, rowsData } from './rows.js';
import { type LearnerState, loadState, saveState } from './snapshot.js';
import { createTape, type Matrix, type OperationCounts, type Vec, vec } from './tape.js';

/** Options of `residualMlp`; everything has a small default. */
export interface ResidualMlpOptions {
  /** Residual blocks. */
  readonly depth?: number;
  /** Numbers a row. */
  readonly width?: number;
  /** Training rows. */
  readonly rows?: number;
  readonly batch?: number;
  /** Key of initial weights and data. */
  readonly seed?: number;
  readonly optimizer?: 'sgd' | 'adam';
  readonly weightDecay?: number;
  /** Rate of dropout inside branches and behind the first layer. */
  readonly dropout?: number;
  readonly evaluationSets?: readonly string[];
  readonly defaults?: readonly Plugin<Vec>[];
  /** Counts the operations that ran. */
  readonly operations?: OperationCounts;
}

const branches = ['a', 'b'] as const;

const evaluationBatches = 2;

/** Sums of squared errors: over all rows, and over the masked ones; each divided by its own denominator. Sets the gradient of `y`. */
function errors(y: Vec, batch: Rows, denominators: Counts): Record<string, number> {
  const width = y.values.length / batch.count;
  const all = 1 / denominators['all']!;
  const masked = 1 / Math.max(1, denominators['masked']!);
  const losses = { all: 0, masked: 0 };
  y.values.forEach((value, i) => {
    const error = value - batch.targets[i]!;
    const counts = batch.masked[Math.floor(i / width)]!;
    losses.all += error ** 2 * all;
    losses.masked += error ** 2 * masked * counts;
    y.gradient[i] = 2 * error * (all + masked * counts);
  });
  return losses;
}

/**
 * A learner without any tensor library, exact in Float64: a linear stem, `depth` blocks of two residual branches `x + W₂ tanh(W₁ x)`,
 * a linear head; two objectives with counts of their own. For tests of plugins and of the trainer.
 */
export function residualMlp(options: ResidualMlpOptions = {}): Learner<Rows, Vec> {
  const { depth = 4, width = 6, rows = 37, batch = 5, seed = 3, optimizer: type = 'adam', weightDecay = 0.01, dropout: rate = 0 } = options;
  const operations = options.operations ?? { forward: 0, backward: 0, updated: 0 };
  const names = ['stem', ...Array.from({ length: depth }, (_, l) => branches.flatMap((b) => [`block.${l}.${b}.in`, `block.${l}.${b}.out`])).flat(), 'head'];
  const named = <X>(make: (name: string) => X): Record<string, X> => Object.fromEntries(names.map((name) => [name, make(name)]));
  const zeros = () => named(() => new Float64Array(width * width));
  const spread = (name: string) => (name.startsWith('block') ? 0.7 : 1);
  const weights: Named = named((name) => Float64Array.from({ length: width * width }, (_, i) => spread(name) * (uniform(seed, name, 0, i) - 0.5)));
  const optimizer: OptimizerState = { first: zeros(), second: zeros(), counters: named(() => 0) };
  const state: LearnerState = { weights, optimizer, slots: {} };
  const shape = [width, width];

  const dataOptions = { rows, batch, width, seed };
  const data = rowsData(dataOptions);
  const tape = createTape(width, operations);
  let accumulated = accumulate();
  let frozen: (name: string) => boolean = () => false;

  const blocks: readonly BlockInfo[] = Array.from({ length: depth }, (_, l) => {
    const own = (prefix: string) => names.filter((name) => name.startsWith(prefix));
    const branchParameters = Object.fromEntries(branches.map((b) => [b, own(`block.${l}.${b}.`)]));
    return { name: `block.${l}`, branches, parameters: own(`block.${l}.`), branchParameters, cost: 1 };
  });

  const matrix = (name: string): Matrix => ({
    weights: weights[name]!,
    gradient: () => {
      if (frozen(name)) return undefined;
      accumulated.gradients[name] ??= new Float64Array(width * width);
      return accumulated.gradients[name];
    },
  });
  const drop = (x: Vec, [key, index]: readonly [number, number], stream: string): Vec => {
    if (rate === 0) return x;
    const factors = x.values.map((_, i) => (uniform(key >>> 0, stream, index, i) < rate ? 0 : 1 / (1 - rate)));
    return tape.scale(x, factors);
  };

  const scopeOf = ({ gate, seed: key, mode }: RunBlock): BlockScope<Vec> => ({
    seed: key,
    mode,
    branch(name, x, body, after = (sum) => sum) {
      const own = gate.branches[name];
      if (!own)
        throw new HooklineError('HOOKLINE_BLOCK', `block '${gate.name}' has no branch '${name}'`, {
          hint: `its branches are: ${Object.keys(gate.branches).join(', ') || 'none'}`,
        });
      return own.active ? after(tape.combine(1, x, own.gain, body(x))) : x;
    },
  });
  const algebra: Algebra<Vec> = {
    run(call, x, body, inputs) {
      const run = (input: Vec) => body(input, scopeOf(call), ...inputs);
      const y = call.recompute ? tape.recompute(x, run) : run(x);
      const { gain } = call.gate;
      return gain === 1 ? y : tape.combine(1 - gain, x, gain, y);
    },
    norm: (x) => norm({ x: x.values }),
    dot: (x, y) => x.values.reduce((sum, value, i) => sum + value * y.values[i]!, 0),
    distance: (x, y) => norm({ x: x.values.map((value, i) => value - y.values[i]!) }),
  };

  const body =
    (l: number) =>
    (x: Vec, scope: BlockScope<Vec>): Vec =>
      branches.reduce((h, b) => {
        const inner = (u: Vec) => tape.linear(tape.tanh(tape.linear(u, matrix(`block.${l}.${b}.in`))), matrix(`block.${l}.${b}.out`));
        return scope.branch(b, h, (u) => (scope.mode === 'train' ? drop(inner(u), scope.seed, b) : inner(u)));
      }, x);
  const forward = (inputs: Float64Array, block: Block<Vec>, key?: readonly [number, number]): Vec => {
    const stem = tape.linear(vec(inputs), matrix('stem'));
    const top = blocks.reduce((h, { name }, l) => block(name, h, body(l)), key ? drop(stem, key, 'stem') : stem);
    return tape.linear(top, matrix('head'));
  };

  const slot = (name: string): Named => {
    const found = state.slots[name];
    if (!found) throw new HooklineError('HOOKLINE_SLOT', `there are no weights in slot '${name}'`, { hint: `copy them first: weights.copy('${name}')` });
    return found;
  };
  const put = (from: Named) => names.forEach((name) => void weights[name]!.set(from[name]!));

  const evaluate = (set: string, block: Block<Vec>): Record<string, number> => {
    const place = (options.evaluationSets ?? ['dev']).indexOf(set);
    const sum = { loss: 0, all: 0, masked: 0 };
    for (let i = 0; i < evaluationBatches; i++) {
      const held = heldOutRows(place * evaluationBatches + i, dataOptions);
      const { all, masked } = errors(forward(held.inputs, block), held, data.counts(held)) as { all: number; masked: number };
      tape.clear();
      sum.all += all / evaluationBatches;
      sum.masked += masked / evaluationBatches;
    }
    return { ...sum, loss: sum.all + sum.masked };
  };

  return {
    blocks,
    data,
    evaluationSets: options.evaluationSets ?? ['dev'],
    algebra,
    weights: {
      copy(to) {
        state.slots[to] = structuredClone(weights);
      },
      lerp(to, amount) {
        for (const [name, into] of Object.entries(slot(to))) into.set(into.map((old, i) => old + amount * (weights[name]![i]! - old)));
      },
      names,
      norms(from) {
        const other = from === undefined ? zeros() : slot(from);
        return Object.fromEntries(names.map((name) => [name, norm({ [name]: weights[name]!.map((w, i) => w - other[name]![i]!) })]));
      },
      restore: (from) => put(slot(from)),
      remove: (name) => void delete state.slots[name],
      has: (name) => name in state.slots,
    },
    ...(options.defaults ? { defaults: options.defaults } : {}),
    gradients(rowsOfBatch, block, denominators, into, key, isFrozen = () => false) {
      frozen = isFrozen;
      accumulated = into ? accumulatedOf(into) : accumulate();
      accumulated.batches += 1;
      tape.clear();
      const y = forward(rowsOfBatch.inputs, block, key);
      for (const [objective, loss] of Object.entries(errors(y, rowsOfBatch, denominators)))
        accumulated.losses[objective] = (accumulated.losses[objective] ?? 0) + loss;
      tape.backward();
      return gradientHandle(accumulated, (name) => weights[name]?.length);
    },
    update(gradients, plan) {
      const { accumulated: before, result } = recipeOf(gradients);
      const final = result();
      if (!plan.skip) operations.updated += optimize(weights, final, optimizer, plan, { type, weightDecay });
      before.over = true;
      return { losses: before.losses, gradientNorm: norm(before.gradients) };
    },
    evaluate(set, block, from) {
      if (from === undefined) return evaluate(set, block);
      const trained = structuredClone(weights);
      put(slot(from));
      try {
        return evaluate(set, block);
      } finally {
        put(trained);
      }
    },
    save: () => saveState(state, shape),
    load: (tensors) => loadState(state, tensors, shape),
    dispose() {},
  };
}
