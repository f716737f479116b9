/** A BERT and its batches, in numbers: what decides the cost of a training step. */
export interface TrainingShape {
  readonly numHiddenLayers: number;
  readonly hiddenSize: number;
  readonly numAttentionHeads: number;
  readonly intermediateSize: number;
  readonly vocabSize: number;
  readonly sequenceLength: number;
  readonly batchSize: number;
  readonly maskedPerRow: number;
}
