import type { Learner } from '../learner.js';
import type { Plugin } from '../plugin.js';
import type { Services } from '../services.js';
import type { Awaitable } from '../values.js';
import { type Check, type Claim, checksOf, ensureRefused } from './check.js';
import { answersOnce, reportsNumbers } from './plugin-checks/answers.js';
import { leavesEvaluation } from './plugin-checks/evaluation.js';
import { obeysGates } from './plugin-checks/gates.js';
import { changesNoTensor } from './plugin-checks/in-place.js';
import { leavesNothing } from './plugin-checks/left-behind.js';
import { keepsNoTensor } from './plugin-checks/memory.js';
import { keepsToItsOwn } from './plugin-checks/own.js';
import { keepsItsPlace } from './plugin-checks/place.js';
import { repeats, servesTwoRuns } from './plugin-checks/repeats.js';
import { keepsRequests } from './plugin-checks/requests.js';
import { keepsState } from './plugin-checks/state.js';
import type { PluginSubject } from './plugin-checks/subject.js';
import { residualMlp } from './residual-mlp.js';
import { resumeConformance } from './resume-conformance.js';

/** What a plugin does on purpose, though most should not. */
export type PluginClaim =
  /** Its run depends on its place among plugins of its own stage. */
  | 'place'
  /** It changes evaluations: gates, slot of weights, metrics, or what goes through blocks. */
  | 'evaluation';

export interface PluginConformanceOptions {
  readonly claims?: readonly PluginClaim[];
  /** Slots of weights that it leaves in the learner, e.g. `ema`. */
  readonly slots?: readonly string[];
  /** Calls with bad options, each of which must throw a HooklineError: `[() => clipGradients({ norm: -1 })]`. */
  readonly refuses?: readonly (() => unknown)[];
  /** Plugins that it needs, made anew for each run. */
  readonly companions?: () => readonly Plugin[];
  /** A new learner, always the same; by default `residualMlp` with three blocks and dropout. */
  readonly learner?: () => Awaitable<Learner>;
  /** Length of each run, at least 6; default 10. */
  readonly steps?: number;
  /** Steps after which runs are killed to be resumed; default: after every one. */
  readonly kills?: readonly number[];
  /** An empty directory for each run, for plugins that write files. */
  readonly directory?: () => string;
  /** Replaces or adds services of each run. */
  readonly services?: (run: Services) => void;
  /** How many tensors the learner's library holds, e.g. `() => tf.memory().numTensors`. */
  readonly live?: () => number;
}

/**
 * What every plugin must keep to, as checks for any test runner. Each tells of one fault; one that depends on another passes where that
 * one fails, so that a fault is told once.
 *
 * ```ts
 * describe('spike-guard', () => {
 *   for (const { name, run } of pluginConformance(() => spikeGuard())) it(name, run);
 * });
 * ```
 * @param make a new plugin at each call
 */
export function pluginConformance(make: () => Plugin, options: PluginConformanceOptions = {}): readonly Check[] {
  const { claims = [], slots = [], refuses = [], steps = 10, live = () => 0, companions = () => [] } = options;
  const learner = options.learner ?? (() => residualMlp({ depth: 3, width: 3, rows: 10, batch: 3, dropout: 0.2 }));
  const subject: PluginSubject = { make, companions, learner, steps, directory: options.directory, services: options.services };
  const directory = options.directory?.();
  const resume = async () => {
    const run = {
      plugins: () => [...companions(), make()],
      learner,
      steps,
      ...(directory === undefined ? {} : { directory: () => directory }),
      ...(options.services ? { services: options.services } : {}),
    };
    await resumeConformance({ ...run, ...(options.kills ? { kills: options.kills } : {}) });
    await resumeConformance({ ...run, every: 3, kills: [4] }); // goes back to the checkpoint at 3, and does a step again
  };

  const answers: Claim = { name: 'answers each event once', test: () => answersOnce(subject) };
  const state: Claim = { name: 'has a state that a checkpoint keeps', needs: [answers.name], test: () => keepsState(subject) };
  const repeated: Claim = { name: 'repeats itself for the same seed', needs: [answers.name, state.name], test: () => repeats(subject) };
  const needs = [answers.name, state.name, repeated.name];
  const asked: Claim = { name: 'keeps what other plugins asked for', needs, test: () => keepsRequests(subject) };
  const gates: Claim = { name: 'opens no gate that another plugin closed', needs, test: () => obeysGates(subject) };
  const tensors: Claim = { name: 'changes no tensor in place', needs, test: () => changesNoTensor(subject) };
  const refusals: readonly Claim[] = refuses.map((call, i) => ({
    name: `refuses bad options with a typed error: ${String(call).replace(/^\(\)\s*=>\s*/, '') || i}`,
    test: () => ensureRefused('it', call),
  }));
  return checksOf([
    answers,
    state,
    repeated,
    { name: 'resumes as the run that was not interrupted', needs, test: resume },
    asked,
    { name: 'does the same at any place in the list', needs: [...needs, asked.name], test: () => keepsItsPlace(subject, !claims.includes('place')) },
    gates,
    tensors,
    ...(claims.includes('evaluation') ? [] : [{ name: 'leaves evaluation alone', needs: [...needs, tensors.name], test: () => leavesEvaluation(subject) }]),
    { name: 'keeps to slots and streams of its own', needs, test: () => keepsToItsOwn(subject, slots) },
    { name: 'reports finite numbers', needs: [...needs, gates.name], test: () => reportsNumbers(subject) },
    { name: 'keeps no tensor', needs, test: () => keepsNoTensor(subject, live) },
    { name: 'serves two runs at once', needs, test: () => servesTwoRuns(subject) },
    { name: 'leaves nothing behind', needs, test: () => leavesNothing(subject, slots) },
    ...refusals,
  ]);
}
