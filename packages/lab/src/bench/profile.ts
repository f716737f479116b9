import { during, HooklineError, type Plugin } from '@hookline/core';
import { loadEngine, type OpTime, onReplay, timeOps } from '@hookline/tfjs';
import type { TrainingShape } from '../shape.js';
import { type BenchMachine, benchMachine } from './machine.js';
import type { BenchOptions } from './options.js';
import { ourBert } from './our-bert.js';
import { partProducts, productRun } from './products.js';
import { benchShape, randomBatches, repeatedBatches } from './shape.js';
import { type Spread, spreadOf } from './spread.js';

/** A part of a step and its milliseconds, over rounds. */
export interface StepPart extends Spread {
  readonly part: string;
  /** Milliseconds that its matrix products take by themselves, where it has any. */
  readonly products?: number;
}

export interface BenchProfile {
  readonly kind: 'profile';
  readonly machine: BenchMachine;
  readonly shape: TrainingShape;
  readonly dropout: number;
  readonly rounds: number;
  readonly step: Spread;
  /** Every part of the step; what they sum to is the step, but for the medians. */
  readonly parts: readonly StepPart[];
  /** Median milliseconds of each block's graphs. */
  readonly blocks: readonly { readonly block: string; readonly forward: number; readonly backward: number }[];
  /** Ops that are run one by one in the compiled step, beside its graphs: milliseconds and calls a step. */
  readonly outside: readonly OpTime[];
  /** Ops of the same step run op by op, which graphs fuse and reorder: milliseconds and calls a step. */
  readonly opByOp: readonly OpTime[];
  /** Milliseconds of a step op by op. */
  readonly plainStep: number;
}

export interface BenchProfileOptions extends Omit<BenchOptions, 'clock'> {
  /** Default 0. */
  readonly dropout?: number;
}

/** Milliseconds at which a step came to its places. */
interface Marks {
  start: number;
  gradients: number;
  norm: number;
  updated: number;
  end: number;
}

/** The part of the model that a compiled function computes. */
function partOf(name: string): string {
  if (name.startsWith('embeddings')) return 'embeddings';
  if (name.startsWith('final LayerNorm')) return 'final LayerNorm';
  if (/^(mlm|nsp) /.test(name)) return 'head and loss';
  return 'blocks';
}

/** Times a step, or times of ops, a step. */
const perStep = (times: readonly OpTime[], steps: number): readonly OpTime[] =>
  times.map((one) => ({ ...one, calls: one.calls / steps, milliseconds: one.milliseconds / steps }));

/**
 * Where the time of a compiled step goes on the native engine: graphs by part and pass, norm and losses, optimizer, and what is left to JavaScript; and, of
 * the same step run op by op, its ops by shapes. Inside a graph TensorFlow's addon lets nothing be timed.
 * @param options `rounds` is 9 and `warmup` 3 by default
 * @throws HooklineError HOOKLINE_ENGINE_MISSING, HOOKLINE_OPTIONS
 */
export async function benchProfile(options: BenchProfileOptions = {}): Promise<BenchProfile> {
  const { engine: name = 'native', shape = benchShape, rounds = 9, warmup = 3, dropout = 0, onRound } = options;
  const engine = await loadEngine(name);
  if (engine.name !== 'native') {
    throw new HooklineError('HOOKLINE_OPTIONS', `graphs can be timed on the native engine alone, not on ${engine.name}`, { hint: 'use --engine native' });
  }
  const { data } = await repeatedBatches(randomBatches(shape), 16);
  const marks: Marks = { start: 0, gradients: 0, norm: 0, updated: 0, end: 0 };
  const marking: Plugin = {
    name: 'marking',
    stage: -50,
    onStep: during('gradients', (step) => {
      marks.gradients = performance.now();
      step.gradients.norm(); // read here, so that it is no part of the update
      marks.norm = performance.now();
      return step;
    }),
  };
  const updated: Plugin = {
    name: 'updated',
    stage: -50,
    onStep: during('end', (step) => {
      marks.updated = performance.now();
      return step;
    }),
  };
  const common = { shape, engine: engine.name, learningRate: 1e-4, seed: 0, data, dropout };
  const bert = await ourBert({ ...common, plugins: [marking, updated] });
  const times = new Map<string, number[]>();
  let current = new Map<string, number>();
  const add = (part: string, milliseconds: number): void => void current.set(part, (current.get(part) ?? 0) + milliseconds);
  const keep = (): void => {
    for (const [part, milliseconds] of current) times.set(part, [...(times.get(part) ?? []), milliseconds]);
    current = new Map();
  };
  const whole: number[] = [];
  const perBlock = new Map<string, { forward: number[]; backward: number[] }>();
  let measuring = false;
  const stop = onReplay(({ name: of, pass, milliseconds }) => {
    const part = partOf(of);
    add(`${part}, ${pass}`, milliseconds);
    if (part !== 'blocks' || !measuring) return;
    const block = of.split(' ')[0] as string;
    const known = perBlock.get(block) ?? { forward: [], backward: [] };
    known[pass].push(milliseconds);
    perBlock.set(block, known);
  });
  const ops = timeOps();
  let outside: readonly OpTime[] = [];
  try {
    for (let round = 0; round < warmup + rounds; round++) {
      current = new Map();
      measuring = round >= warmup;
      marks.start = performance.now();
      await bert.step();
      marks.end = performance.now();
      const single = ops.take();
      onRound?.(round + 1, warmup + rounds);
      if (round < warmup) continue;
      outside = addTimes(outside, single);
      const graphs = [...current.values()].reduce((sum, one) => sum + one, 0);
      whole.push(marks.end - marks.start);
      add('JavaScript, hooks and single ops, forward and backward', marks.gradients - marks.start - graphs);
      add('norm and losses, read from the device', marks.norm - marks.gradients);
      add('optimizer', marks.updated - marks.norm);
      add('hooks at the end', marks.end - marks.updated);
      keep();
    }
  } finally {
    ops.stop();
    stop();
    await bert.dispose();
  }

  const products = new Map<string, number>();
  for (const [part, of] of [['blocks', 'blocks'] as const, ['head and loss', 'head'] as const]) {
    for (const pass of ['forward', 'backward'] as const) products.set(`${part}, ${pass}`, await timeProducts(shape, of, pass));
  }
  const { plainStep, opByOp } = await profileOpByOp(common, Math.min(rounds, 5));
  return {
    ...{ kind: 'profile' as const, machine: benchMachine(engine), shape, dropout, rounds, step: spreadOf(whole) },
    parts: [...times].map(([part, all]) => {
      const alone = products.get(part);
      return { part, ...spreadOf(all), ...(alone === undefined ? {} : { products: alone }) };
    }),
    blocks: [...perBlock].map(([block, { forward, backward }]) => ({ block, forward: spreadOf(forward).median, backward: spreadOf(backward).median })),
    outside: perStep(outside, rounds),
    opByOp,
    plainStep,
  };
}

/** Adds up times of the same ops on the same shapes, the longest first. */
function addTimes(a: readonly OpTime[], b: readonly OpTime[]): readonly OpTime[] {
  const sums = new Map<string, OpTime>();
  for (const one of [...a, ...b]) {
    const before = sums.get(`${one.op} ${one.shapes}`);
    const { calls, milliseconds } = before ?? { calls: 0, milliseconds: 0 };
    sums.set(`${one.op} ${one.shapes}`, { ...one, calls: calls + one.calls, milliseconds: milliseconds + one.milliseconds });
  }
  return [...sums.values()].sort((x, y) => y.milliseconds - x.milliseconds);
}

/** The products of a part alone, in milliseconds: the median of five. */
async function timeProducts(shape: TrainingShape, part: 'blocks' | 'head', pass: 'forward' | 'backward'): Promise<number> {
  const products = productRun(partProducts(shape, part, pass));
  const times: number[] = [];
  for (let run = 0; run < 6; run++) {
    const start = performance.now();
    await products.run();
    if (run > 0) times.push(performance.now() - start);
  }
  products.dispose();
  return spreadOf(times).median;
}

async function profileOpByOp(common: Parameters<typeof ourBert>[0], rounds: number): Promise<{ plainStep: number; opByOp: readonly OpTime[] }> {
  const plain = await ourBert({ ...common, compiling: false });
  try {
    for (let step = 0; step < 2; step++) await plain.step();
    const { stop } = timeOps();
    const start = performance.now();
    for (let step = 0; step < rounds; step++) await plain.step();
    const plainStep = (performance.now() - start) / rounds;
    return { plainStep, opByOp: perStep(stop(), rounds) };
  } finally {
    await plain.dispose();
  }
}
