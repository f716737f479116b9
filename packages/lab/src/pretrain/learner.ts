import { type BertConfig, type BertLearner, bertConfig, bertPretraining, type Tokenizer } from '@hookline/bert';
import type { CorpusSets } from '@hookline/bert/node';
import { given, type Tensors } from '@hookline/core';
import type { PretrainConfig } from './config.js';

/** A model as a run begins: its configuration, and weights where they are not made anew. */
export interface StartingModel {
  readonly config: BertConfig;
  readonly weights?: Tensors;
}

/** The model that a configuration describes, over a vocabulary. */
export const modelOf = (config: PretrainConfig, tokenizer: Pick<Tokenizer, 'vocabSize'>): BertConfig =>
  bertConfig({ ...given(config.model), vocabSize: tokenizer.vocabSize, maxPositionEmbeddings: config.sequenceLength });

/** Counts of a vocabulary's tokens for a table of word embeddings that is padded: rows without a token never occur. */
export const paddedCounts = (counts: ArrayLike<number>, rows: number): ArrayLike<number> =>
  counts.length >= rows ? counts : Float64Array.from({ length: rows }, (_, id) => counts[id] ?? 0);

/** The learner of a configuration. Its default recipe is left out: the run's plugins say all of it. */
export const learnerOf = (config: PretrainConfig, data: CorpusSets, model: StartingModel): Promise<BertLearner> =>
  bertPretraining({
    ...model.config,
    data: { ...data, unigram: paddedCounts(data.unigram, model.config.vocabSize) },
    objective: config.objective,
    optimizer: config.optimizer,
    seed: config.seed,
    engine: config.engine,
    defaults: [],
    ...(model.weights ? { weights: model.weights } : {}),
  });
