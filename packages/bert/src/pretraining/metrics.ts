import type { Scalars } from '@hookline/core';
import type { PretrainingObjective } from './objectives.js';

/** One objective over one evaluation batch. */
export interface BatchScore {
  readonly lossSum: number;
  readonly correct: number;
  /** Masked positions for `mlm`, rows for `nsp`. */
  readonly items: number;
}

export type BatchScores = Readonly<Partial<Record<PretrainingObjective, BatchScore>>>;

const totals = (scores: readonly BatchScore[]): BatchScore =>
  scores.reduce((a, b) => ({ lossSum: a.lossSum + b.lossSum, correct: a.correct + b.correct, items: a.items + b.items }), { lossSum: 0, correct: 0, items: 0 });

/**
 * Means over all items of a set: `mlmLoss` (nats a masked token), `mlmAccuracy`, likewise for `nsp`, and `loss`, the sum of the objectives' losses.
 * An objective without items is left out.
 */
export function metricsOf(scores: readonly BatchScores[]): Scalars {
  const metrics: Record<string, number> = {};
  let loss = 0;
  for (const objective of ['mlm', 'nsp'] as const) {
    const { lossSum, correct, items } = totals(scores.flatMap((score) => score[objective] ?? []));
    if (items === 0) continue;
    metrics[`${objective}Loss`] = lossSum / items;
    metrics[`${objective}Accuracy`] = correct / items;
    loss += lossSum / items;
  }
  return { loss, ...metrics };
}

/** Mean MLM loss of each batch: pairs two models' losses batch by batch. */
export const mlmLosses = (scores: readonly BatchScores[]): readonly number[] =>
  scores.flatMap(({ mlm }) => (mlm && mlm.items > 0 ? [mlm.lossSum / mlm.items] : []));
