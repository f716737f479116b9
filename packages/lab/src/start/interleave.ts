/** Something that is trained step by step, in turns with others. */
export interface Turn {
  /** Steps in all. */
  readonly steps: number;
  /** Trains one step; false where there is none left. */
  next(): Promise<boolean>;
}

/**
 * Trains several runs in chunks of steps, in turns: what slows the machine down for a while slows all of them. The first of a round is another
 * one each round, so that none always follows the same. Shorter runs are done earlier.
 * @param after called after each chunk
 */
export async function interleave(turns: readonly Turn[], chunk: number, after: () => void): Promise<void> {
  const left = new Set(turns.keys());
  for (let round = 0; left.size > 0; round++) {
    for (let i = 0; i < turns.length; i++) {
      const index = (round + i) % turns.length;
      if (!left.has(index)) continue;
      for (let step = 0; step < chunk; step++) {
        if (await turns[index]!.next()) continue;
        left.delete(index);
        break;
      }
      after();
    }
  }
}
