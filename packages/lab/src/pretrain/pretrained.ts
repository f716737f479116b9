import { bertConfig, logUnigram, type Tokenizer } from '@hookline/bert';
import { given, type Tensors } from '@hookline/core';
import { readEvaluated } from '../inspect/read-evaluated.js';
import type { PretrainConfig } from './config.js';
import { paddedCounts, type StartingModel } from './learner.js';

/** What a run goes on from: a model with its weights, names of those that were made anew, and the tokenizer that it was trained with. */
export interface Pretrained extends StartingModel {
  readonly weights: Tensors;
  readonly created: readonly string[];
  readonly tokenizer: Tokenizer;
}

/**
 * The checkpoint that a configuration names, if it names one: with the heads of the objectives, made anew where they are not there, and dropout as
 * the configuration says.
 * @throws HooklineError as `readPretrained`
 */
export async function readCheckpoint(config: PretrainConfig, onNotice?: (line: string) => void): Promise<Pretrained | undefined> {
  const { checkpoint, objective, sequenceLength, vocabulary, model } = config;
  if (!checkpoint) return undefined;
  const nsp = objective.includes('nsp') ? 'create' : 'drop';
  const read = await readEvaluated(checkpoint.source, {
    heads: { mlm: 'create', nsp, pooler: nsp, classifier: 'drop' },
    allow: checkpoint.allow,
    positions: sequenceLength,
    seed: config.seed,
    ...given({ slot: checkpoint.slot, vocabulary: vocabulary.file, onNotice }),
  });
  return { config: bertConfig({ ...read.config, ...given(model) }), weights: read.tensors, created: read.created, tokenizer: read.tokenizer };
}

const decoderBias = 'cls.predictions.bias';

/** The model to begin with; where the head for masked words is new, its bias begins as that of any new model does: with how common each token is. */
export function startingModel({ config, weights, created }: Pretrained, unigram: ArrayLike<number>): StartingModel {
  if (!created.includes(decoderBias)) return { config, weights };
  return { config, weights: { ...weights, [decoderBias]: { shape: [config.vocabSize], data: logUnigram(paddedCounts(unigram, config.vocabSize)) } } };
}
