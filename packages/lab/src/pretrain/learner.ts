import { type BertConfig, type BertLearner, bertConfig, bertPretraining, type Tokenizer } from '@hookline/bert';
import type { CorpusSets } from '@hookline/bert/node';
import { given } from '@hookline/core';
import type { PretrainConfig } from './config.js';

/** The model of a configuration over a vocabulary. */
export const modelOf = (config: PretrainConfig, tokenizer: Pick<Tokenizer, 'vocabSize'>): BertConfig =>
  bertConfig({ ...given(config.model), vocabSize: tokenizer.vocabSize, maxPositionEmbeddings: config.sequenceLength });

/** The learner of a configuration. Its default recipe is left out: the run's plugins say all of it. */
export const learnerOf = (config: PretrainConfig, data: CorpusSets): Promise<BertLearner> =>
  bertPretraining({
    ...given(modelOf(config, data.tokenizer)),
    data,
    objective: config.objective,
    optimizer: config.optimizer,
    seed: config.seed,
    engine: config.engine,
    defaults: [],
  });
