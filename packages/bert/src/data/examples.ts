/** The training examples of a corpus: a fixed number, each written into a row on demand. */
export interface Examples {
  readonly count: number;
  /** Whether examples are sentence pairs with a label. */
  readonly pairs: boolean;
  /**
   * Writes an example, special tokens included, into the head of a row.
   * @param ids all [PAD] before
   * @param tokenTypeIds all 0 before
   * @returns how many tokens were written, and for pairs 0 where the second text follows the first, 1 where it is from elsewhere
   */
  write(example: number, epoch: number, ids: Int32Array, tokenTypeIds: Int32Array): { readonly length: number; readonly label: number };
}
