import { type CompleteConfig, pretrainConfig } from '../pretrain/config.js';

/** What a study of training dynamics trains, and how. */
export interface DynamicsOptions {
  readonly corpus: string;
  readonly size: 'tiny' | 'mini' | 'small' | 'medium' | 'base';
  readonly layers: number;
  readonly steps: number;
  readonly sequenceLength: number;
  readonly batchSize: number;
  readonly vocabularySize: number;
  /** Peak rate of all of them; default: the recipe's of each. */
  readonly learningRate?: number;
  readonly thetaBar: number;
  /** Steps, or a share of the run, between two measurements. */
  readonly every: number;
  readonly seed: number;
  readonly engine: CompleteConfig['engine'];
}

/** One of the runs that are compared. */
export interface DynamicsVariant {
  /** Its folder below the study's. */
  readonly key: 'preln' | 'postln' | 'pld';
  readonly name: string;
  readonly config: CompleteConfig;
}

/** Dense PreLN and PostLN, and PreLN with progressive layer dropping: same data, masks, seed and length. */
export function dynamicsVariants(options: DynamicsOptions): readonly DynamicsVariant[] {
  const { corpus, size, layers, steps, sequenceLength, batchSize, vocabularySize, learningRate, thetaBar, every, seed, engine } = options;
  const config = (norm: 'pre' | 'post', more: object): CompleteConfig =>
    pretrainConfig.parse({
      corpus: { source: corpus },
      vocabulary: { size: vocabularySize },
      model: { size, numHiddenLayers: layers, norm },
      sequenceLength,
      batchSize,
      steps,
      seed,
      engine,
      ...(learningRate === undefined ? {} : { learningRate: { peak: learningRate } }),
      checkpoints: { every: 0.25, keep: 1 },
      telemetry: { statistics: every },
      ...more,
    }) as CompleteConfig;
  return [
    { key: 'preln', name: 'PreLN', config: config('pre', {}) },
    { key: 'postln', name: 'PostLN', config: config('post', {}) },
    { key: 'pld', name: 'PreLN + PLD', config: config('pre', { pld: { thetaBar } }) },
  ];
}
