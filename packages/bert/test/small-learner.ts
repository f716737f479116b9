import { bertPretraining } from '../src/index.js';
import { oracleBatches, oracleConfig, oracleData } from './oracle.js';

/** A BERT of two blocks with dropout and both objectives. */
export const smallLearner = (engine: 'wasm' | 'native') =>
  bertPretraining({
    ...oracleConfig('pre'),
    hiddenSize: 16,
    intermediateSize: 32,
    numAttentionHeads: 2,
    numHiddenLayers: 2,
    hiddenDropoutProb: 0.1,
    attentionProbsDropoutProb: 0.1,
    objective: ['mlm', 'nsp'],
    data: { train: oracleData(), evaluation: { held: oracleBatches().slice(0, 1) } },
    defaults: [],
    engine,
  });
