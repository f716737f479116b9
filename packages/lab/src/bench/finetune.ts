import { HooklineError, type Tensors } from '@hookline/core';
import { type FineTuningBatch, type FineTuningLearner, fineTuning, type PretrainedModel, type TextTask } from '@hookline/glue';
import type { FineTuningSets } from '@hookline/glue/node';
import { loadEngine } from '@hookline/tfjs';
import { AGREEMENT_STEPS, checkAgreement } from './agreement.js';
import { type Contender, interleaved, type Timing } from './interleave.js';
import { type BenchMachine, benchMachine } from './machine.js';
import { quantile, ratioOf, type Spread } from './spread.js';
import { type SteppedTrainer, steppedTrainer } from './stepped-trainer.js';
import { torchClassifier } from './torch-classifier.js';
import type { TorchModel } from './torch-process.js';

export interface BenchFinetune {
  readonly kind: 'finetune';
  readonly machine: BenchMachine;
  readonly task: string;
  readonly model: { readonly layers: number; readonly hidden: number; readonly parameters: number };
  readonly batchSize: number;
  readonly dropout: number;
  /** Tokens of a padded row in the batches that were timed: least, median, most. */
  readonly lengths: readonly [number, number, number];
  /** hookline, on the native engine the same not compiled, and PyTorch. */
  readonly timings: readonly Timing[];
  /** hookline over each other one, within rounds. */
  readonly ours: readonly (Spread & { readonly over: string })[];
  /** Seconds of the first steps of a new training, what has to be recorded included. */
  readonly whole: { readonly steps: number; readonly seconds: readonly { readonly name: string; readonly seconds: number }[] };
  readonly torch?: { readonly version: string; readonly threads: number; readonly optimizer: string; readonly lossDifference: number };
}

export interface BenchFinetuneOptions {
  readonly task: TextTask;
  readonly sets: FineTuningSets;
  /** PostLN, which is what PyTorch's side of this benchmark computes. */
  readonly model: PretrainedModel;
  /** A Python with PyTorch, which then takes part. */
  readonly torch?: string;
  /** Default `native`. */
  readonly engine?: 'auto' | 'native' | 'wasm' | 'cpu';
  /** Default 16. */
  readonly batchSize?: number;
  /** Dropout while timed, of both; default 0.1. */
  readonly dropout?: number;
  /** Steps of the training that is timed as a whole, and batches that the rest goes through; default 60. */
  readonly steps?: number;
  /** Default 15. */
  readonly rounds?: number;
  readonly onRound?: (done: number, of: number) => void;
  /** The script of PyTorch's side; default: the one that comes with this package. */
  readonly script?: string;
}

const OURS = 'hookline';
const PLAIN = 'hookline, not compiled';
const TORCH = 'PyTorch, eager';
const SEED = 0;

/** The first full batches of the training set in the learner's order. */
async function fullBatches(learner: FineTuningLearner, count: number): Promise<FineTuningBatch[]> {
  const batches: FineTuningBatch[] = [];
  for (let position = 0; batches.length < count; position++) {
    const batch = await learner.data.batch(position);
    if (batch.rowWeights.every((weight) => weight === 1)) batches.push(batch);
  }
  return batches;
}

const weightsOf = (learner: FineTuningLearner): Tensors =>
  Object.fromEntries(
    Object.entries(learner.save()).flatMap(([name, tensor]) => (name.startsWith('weights/') ? [[name.slice('weights/'.length), tensor]] : [])),
  );

/**
 * Times a step of fine-tuning, in turns, against the same in PyTorch, whose losses without dropout must agree first, and on the native engine against ours not
 * compiled. Both see the same tokens. Ours runs in the trainer: hooks, clipping and AdamW are part of its time.
 * @throws HooklineError HOOKLINE_TORCH, HOOKLINE_BENCH_DISAGREES, HOOKLINE_OPTIONS
 */
export async function benchFinetune(options: BenchFinetuneOptions): Promise<BenchFinetune> {
  const { task, sets, model, torch: python, engine: engineName = 'native', batchSize = 16, dropout = 0.1, steps = 60, rounds = 15, onRound, script } = options;
  if (model.config.norm !== 'post') {
    throw new HooklineError('HOOKLINE_OPTIONS', 'bench finetune compares PostLN models, and this one is PreLN', {
      hint: 'give a checkpoint of the kind `bert`',
    });
  }
  if (sets.train.examples.length < batchSize) {
    throw new HooklineError('HOOKLINE_OPTIONS', `the training set has ${sets.train.examples.length} examples, a batch ${batchSize}`, { hint: 'lower --batch' });
  }
  const engine = await loadEngine(engineName);
  if (python === undefined && engine.name !== 'native') {
    throw new HooklineError('HOOKLINE_OPTIONS', `there is nothing to compare with on the engine ${engine.name}`, { hint: 'give --torch, or --engine native' });
  }
  const learnerOf = (rate: number): Promise<FineTuningLearner> =>
    fineTuning({ task, model, train: sets.train, batchSize, dropout: rate, head: 'new', seed: SEED, engine: engine.name, defaults: [] });

  const first = await learnerOf(0);
  const { recipe, config } = first;
  const weights = weightsOf(first);
  const batches = await fullBatches(first, Math.max(steps, AGREEMENT_STEPS));
  const training = (learner: FineTuningLearner, compiling = true): SteppedTrainer => {
    const data = { ...learner.data, batchesPerEpoch: batches.length, batch: (position: number) => batches[position % batches.length] as FineTuningBatch };
    return steppedTrainer({ ...learner, data }, { learningRate: recipe.learningRate, seed: SEED, compiling });
  };

  const open: { dispose(): Promise<void> }[] = [training(first)];
  try {
    const reference = open[0] as SteppedTrainer;
    const losses: number[] = [];
    for (let step = 0; python !== undefined && step < AGREEMENT_STEPS; step++) losses.push(await reference.step());
    await open.pop()?.dispose(); // and with it its graphs: what comes next records its own

    const whole: { name: string; seconds: number }[] = [];
    const timeWhole = async (name: string, step: (index: number) => Promise<unknown>): Promise<void> => {
      const start = performance.now();
      for (let index = 0; index < steps; index++) await step(index);
      whole.push({ name, seconds: (performance.now() - start) / 1000 });
    };
    const contenders: Contender[] = [];
    const ours = training(await learnerOf(dropout));
    open.push(ours);
    await timeWhole(OURS, () => ours.step());
    contenders.push({ name: OURS, run: async () => void (await ours.step()) });
    if (engine.name === 'native') {
      const plain = training(await learnerOf(dropout), false);
      open.push(plain);
      for (let step = 0; step < steps % batches.length; step++) await plain.step(); // at the same batch as the others
      contenders.push({ name: PLAIN, run: async () => void (await plain.step()) });
    }
    let torch: TorchModel | undefined;
    let lossDifference = 0;
    if (python !== undefined) {
      const { learningRate, betas, epsilon, weightDecay, clipNorm } = recipe;
      const numbers = { learningRate, betas, epsilon, weightDecay, clipNorm };
      const other = await torchClassifier({ python, config, weights, kind: task.target.kind, batches, recipe: numbers, ...(script ? { script } : {}) });
      torch = other;
      open.push(other);
      const theirs: number[] = [];
      for (let step = 0; step < AGREEMENT_STEPS; step++) theirs.push(await other.step(step));
      lossDifference = checkAgreement(TORCH, losses, theirs, 'try another version of PyTorch');
      await other.reset(dropout);
      await timeWhole(TORCH, other.step);
      let position = steps;
      contenders.push({ name: TORCH, run: async () => void (await other.step(position++ % batches.length)) });
    }

    const timings = await interleaved(contenders, { rounds, onRound });
    const [own, ...others] = timings as [Timing, ...Timing[]];
    const tokens = batches.map(({ sequenceLength }) => sequenceLength);
    return {
      kind: 'finetune',
      machine: benchMachine(engine),
      task: task.name,
      model: {
        layers: config.numHiddenLayers,
        hidden: config.hiddenSize,
        parameters: Object.values(weights).reduce((sum, { data }) => sum + data.length, 0),
      },
      batchSize,
      dropout,
      lengths: [quantile(tokens, 0), quantile(tokens, 0.5), quantile(tokens, 1)],
      timings,
      ours: others.map((other) => ({ over: other.name, ...ratioOf(own.times, other.times) })),
      whole: { steps, seconds: whole },
      ...(torch ? { torch: { version: torch.version, threads: torch.threads, optimizer: torch.optimizer, lossDifference } } : {}),
    };
  } finally {
    for (const one of open.reverse()) await one.dispose();
  }
}
