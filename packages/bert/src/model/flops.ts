import type { BertConfig } from './config.js';

/** What a step computes over. */
export interface StepShape {
  readonly batchSize: number;
  readonly sequenceLength: number;
  readonly maskedPerRow: number;
  /** Whether pooler and next-sentence head run too. */
  readonly nextSentence?: boolean;
}

export interface StepFlops {
  /** One block, forward and backward. */
  readonly block: number;
  /** All blocks. */
  readonly blocks: number;
  /** MLM head over the masked positions, pooler and next-sentence head. */
  readonly heads: number;
  readonly total: number;
  /** blocks / total: the most that dropping every block could save. */
  readonly blockShare: number;
}

/**
 * Floating-point operations of a training step, counting matrix products alone (2 · m · n · k each); the backward pass
 * is two products for each of the forward pass.
 */
export function flopsPerStep(config: BertConfig, shape: StepShape): StepFlops {
  const { hiddenSize: hidden, intermediateSize: inner, numHiddenLayers, vocabSize } = config;
  const tokens = shape.batchSize * shape.sequenceLength;
  const masked = shape.batchSize * shape.maskedPerRow;
  const projections = 8 * hidden * hidden; // query, key, value, output; a token
  const scores = 4 * shape.sequenceLength * hidden; // Q·Kᵀ and P·V; a token
  const block = 3 * tokens * (projections + scores + 4 * hidden * inner);
  const head = 3 * masked * (2 * hidden * hidden + 2 * hidden * vocabSize);
  const pooled = shape.nextSentence ? 3 * shape.batchSize * (2 * hidden * hidden + 4 * hidden) : 0;
  const blocks = numHiddenLayers * block;
  const total = blocks + head + pooled;
  return { block, blocks, heads: head + pooled, total, blockShare: blocks / total };
}
