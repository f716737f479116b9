/**
 * One batch of masked-language-model pre-training, as host arrays. B rows of S tokens, each with P places for masked positions;
 * rows with fewer than P masked positions fill up with weight 0, so every batch of a run has the same shapes.
 */
export interface PretrainingBatch {
  /** Rows. */
  readonly batchSize: number;
  /** Tokens a row, padding included. */
  readonly sequenceLength: number;
  /** Places for masked positions a row. */
  readonly maskedPerRow: number;
  readonly inputIds: Int32Array; // [B·S]
  /** 0 for the first segment, 1 for the second. */
  readonly tokenTypeIds: Int32Array; // [B·S]
  /** 1 for tokens, 0 for padding. */
  readonly attentionMask: Int32Array; // [B·S]
  /** Positions inside the row, 0 to S − 1. */
  readonly maskedPositions: Int32Array; // [B·P]
  /** The tokens that stood at the masked positions. */
  readonly maskedIds: Int32Array; // [B·P]
  /** 1 for a masked position, 0 for padding. */
  readonly maskedWeights: Float32Array; // [B·P]
  /** 0 where the second segment follows the first, 1 where it is from elsewhere; needed by the objective `nsp`. */
  readonly nextSentenceLabels?: Int32Array; // [B]
}
