import type { EvalEvent } from '../events.js';
import { during } from '../hooks/during.js';
import type { Weights } from '../learner.js';
import type { Operator } from '../plugin.js';

/** Takes the weights into an average in a slot, as this share of it; the first ones are the average. */
export function averageInto(weights: Weights, slot: string, taken: number, share: number): void {
  if (taken === 0) weights.copy(slot);
  else weights.lerp(slot, share);
}

/** Evaluations use a slot once it exists, where no other plugin asks for one. */
export const evaluatedIn = (slot: string, exists: () => boolean): Operator<EvalEvent> =>
  during('evalBegin', (evaluation) => (exists() ? { ...evaluation, weights: evaluation.weights ?? slot } : evaluation));
