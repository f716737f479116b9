import { HooklineError } from '../errors.js';
import type { EvalEnd } from '../events.js';
import { didYouMean } from '../nearest.js';
import type { RunContext } from '../plugin.js';
import { Logger } from '../services.js';
import type { Monitor } from '../trainer-types.js';

/**
 * Checks names of evaluation sets when the run is set up.
 * @throws HooklineError `HOOKLINE_EVALUATION_SET` with the nearest right name
 */
export function checkSets(plugin: string, sets: readonly string[], run: RunContext): void {
  for (const set of sets) {
    if (run.evaluationSets.includes(set)) continue;
    throw new HooklineError('HOOKLINE_EVALUATION_SET', `plugin '${plugin}': the learner has no evaluation set '${set}'`, {
      hint: didYouMean(set, run.evaluationSets),
    });
  }
}

/**
 * The value of a monitored metric in an evaluation; undefined in evaluations of other sets.
 * @throws HooklineError `HOOKLINE_METRIC` when the set does not have the metric
 */
export function monitored({ set, metric }: Monitor, evaluation: EvalEnd): number | undefined {
  if (evaluation.set !== set) return undefined;
  const value = evaluation.metrics[metric];
  if (value === undefined) {
    throw new HooklineError('HOOKLINE_METRIC', `evaluation set '${set}' has no metric '${metric}'`, {
      hint: didYouMean(metric, Object.keys(evaluation.metrics)),
    });
  }
  return value;
}

/** Warns at the end of a run that reached its total if the watched set was never evaluated: the plugin then did nothing. */
export function warnIfUnseen(plugin: string, set: string, run: RunContext, seen: () => boolean): void {
  run.on('end', ({ stopped }) => {
    if (stopped !== undefined || seen()) return;
    run.service(Logger).warn(`plugin '${plugin}' watches evaluations of '${set}', and there was none; add evaluateEvery({ steps })`);
  });
}
