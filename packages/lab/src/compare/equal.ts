import type { EvaluationPoint, LossAxis } from '../report/index.js';

/** How far a run came on an axis: at its last evaluation. */
export const reach = (evaluations: readonly EvaluationPoint[], axis: LossAxis): number => evaluations.at(-1)?.[axis] ?? 0;

/**
 * The held-out loss of a run at a place on an axis, interpolated between the evaluations around it; undefined outside of them.
 * @param at steps, tokens or seconds
 */
export function lossAt(evaluations: readonly EvaluationPoint[], axis: LossAxis, at: number): number | undefined {
  const next = evaluations.findIndex((point) => (point[axis] ?? 0) >= at);
  const after = evaluations[next];
  if (!after) return undefined;
  const place = after[axis] ?? 0;
  if (place === at) return after.loss;
  const before = evaluations[next - 1];
  if (!before) return undefined;
  const from = before[axis] ?? 0;
  return before.loss + ((at - from) / (place - from)) * (after.loss - before.loss);
}

/** The farthest place on an axis that all runs reached, and what each lost there. */
export function atEqual(
  runs: readonly (readonly EvaluationPoint[])[],
  axis: LossAxis,
): { readonly at: number; readonly losses: readonly (number | undefined)[] } {
  const at = Math.min(...runs.map((evaluations) => reach(evaluations, axis)));
  return { at, losses: runs.map((evaluations) => lossAt(evaluations, axis, at)) };
}
