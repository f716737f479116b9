import { type BertLearner, bertPretraining, mlmLosses, type PretrainingBatch } from '@hookline/bert';
import { clipGradients, createTrainer, evaluateEvery, linearWarmup, type StepNews, type Trainer } from '@hookline/core';
import type { Engine } from '@hookline/tfjs';
import type * as tf from '@tensorflow/tfjs-core';
import { processorTime } from '../recording/processor-time.js';
import { type Recording, recordRun } from '../recording/recording.js';
import { type PartSeconds, timedLearner } from '../recording/stopwatch.js';
import type { StartData } from './data.js';
import type { Turn } from './interleave.js';
import type { StartShape } from './shape.js';
import type { StartVariant } from './variants.js';

/** A variant in training. */
export interface Lane extends Turn {
  readonly variant: StartVariant;
  readonly recording: Recording;
  readonly spent: PartSeconds;
  readonly engine: Engine;
  readonly latest: StepNews | undefined;
  /** Processor seconds of each step, over all threads: what other programs do does not lengthen them. */
  readonly processorSeconds: readonly number[];
  /** Held-out loss of each batch at the last evaluation, in nats. */
  heldOutLosses(): readonly number[];
  /** Seconds that the latest evaluation took; off the recording's clock. */
  evaluationSeconds(): number;
  dispose(): void;
}

export interface LaneOptions {
  readonly shape: StartShape;
  readonly data: StartData;
  readonly seed: number;
  readonly engine: 'wasm' | 'cpu' | 'native' | 'auto';
}

/** A model with its trainer, ready to be advanced step by step. Same data, seed and recipe for every variant. */
export async function createLane(variant: StartVariant, { shape, data, seed, engine }: LaneOptions): Promise<Lane> {
  const { numHiddenLayers: _, hiddenSize, numAttentionHeads, intermediateSize, vocabSize, sequenceLength } = shape;
  const bert = await bertPretraining({
    norm: variant.norm,
    numHiddenLayers: variant.layers,
    hiddenSize,
    numAttentionHeads,
    intermediateSize,
    vocabSize,
    maxPositionEmbeddings: sequenceLength,
    dropout: 0,
    data: data.pretraining,
    seed,
    engine,
  });
  const { learner, spent } = timedLearner<PretrainingBatch, tf.Tensor, BertLearner>(bert);
  const trainer: Trainer = createTrainer({
    learner,
    plugins: [
      ...variant.plugins,
      linearWarmup({ peak: shape.learningRate, warmup: 0.1 }),
      clipGradients({ norm: 1 }),
      evaluateEvery({ steps: Math.max(1, Math.round(variant.steps / (shape.evaluations - 1))), atStart: true }),
    ],
    steps: variant.steps,
    seed,
  });
  const recording = recordRun(trainer);
  const processorSeconds: number[] = [];
  let processorAt = 0;
  trainer.on('step', () => void processorSeconds.push(processorTime() - processorAt));
  let evaluationSeconds = 0;
  trainer.on('evaluation', (news) => {
    evaluationSeconds = news.seconds;
  });
  const steps = trainer.events('step');
  let latest: StepNews | undefined;
  return {
    variant,
    steps: variant.steps,
    recording,
    spent,
    engine: bert.engine,
    get latest() {
      return latest;
    },
    processorSeconds,
    async next() {
      processorAt = processorTime();
      const { value, done } = await steps.next();
      if (done) return false;
      latest = value;
      return true;
    },
    heldOutLosses: () => mlmLosses(learner.batchScores(bert.evaluationSets[0]!)),
    evaluationSeconds: () => evaluationSeconds,
    dispose: () => bert.dispose(),
  };
}
