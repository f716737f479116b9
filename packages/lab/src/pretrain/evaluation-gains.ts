import { type BertConfig, bertBlocks, type EvaluationGains } from '@hookline/bert';
import { expectedGates, matchedDropping, stochasticDepthAsPld } from '@hookline/pld-plugin';
import type { PretrainConfig } from './config.js';

/** The gains that a run evaluates its model under: the keep probabilities of the original stochastic depth, the same at every step; of other methods none. */
export function evaluationGains({ stochasticDepth: depth }: Pick<PretrainConfig, 'stochasticDepth'>, model: BertConfig): EvaluationGains | undefined {
  if (depth?.scaling !== 'evaluation') return undefined;
  const dropping = matchedDropping(stochasticDepthAsPld(depth), { blocks: bertBlocks(model), steps: 1 });
  return expectedGates(dropping, 1).map(({ branches }) => ({ attention: branches['attention']!.gain, ffn: branches['ffn']!.gain }));
}
