import { HooklineError } from '../../errors.js';
import type { Learner } from '../../learner.js';
import type { Plugin } from '../../plugin.js';
import type { Services } from '../../services.js';
import type { Awaitable } from '../../values.js';
import { difference, type Trace, type TracedRun, tracedRun } from '../traced-run.js';

/** The plugin under test, and how it is run. */
export interface PluginSubject {
  readonly make: () => Plugin;
  /** Plugins that it needs, made anew. */
  readonly companions: () => readonly Plugin[];
  readonly learner: () => Awaitable<Learner>;
  readonly steps: number;
  readonly directory: (() => string) | undefined;
  readonly services: ((run: Services) => void) | undefined;
}

/** What a check changes of a run. */
export interface Change extends Partial<Omit<TracedRun, 'plugins'>> {
  /** The list of plugins around the one under test; default: that one alone. `companions` come before all. */
  readonly around?: (plugin: Plugin) => readonly Plugin[];
  /** The plugin, where it is not to be made anew; `null` for none. */
  readonly plugin?: Plugin | null;
}

/** A run of the subject, as a traced run. */
export function runOf(subject: PluginSubject, learner: Learner, { around = (one) => [one], plugin, ...change }: Change = {}): TracedRun {
  const list = plugin === null ? [] : around(plugin ?? subject.make());
  const directory = subject.directory?.();
  return {
    learner,
    plugins: [...subject.companions(), ...list],
    steps: subject.steps,
    ...(directory === undefined ? {} : { directory }),
    ...(subject.services ? { services: subject.services } : {}),
    ...change,
  };
}

/** What a check said inside a hook of its own, without the trainer's words around it. */
const ownWords = (error: unknown): unknown => {
  const { cause } = error as { cause?: unknown };
  return cause instanceof HooklineError && cause.code === 'HOOKLINE_CONFORMANCE' ? cause : error;
};

/** Trains a new learner, or the one given, which is then left as it is. */
export async function train(subject: PluginSubject, change: Change = {}): Promise<Trace> {
  const learner = change.learner ?? (await subject.learner());
  try {
    return await tracedRun(runOf(subject, learner, change));
  } catch (error) {
    throw ownWords(error);
  } finally {
    if (!change.learner) learner.dispose();
  }
}

/** @throws what `refuse` makes of the first difference between two runs */
export function compareRuns(expected: Trace, found: Trace, refuse: (what: string) => never): void {
  const what = difference(expected, found);
  if (what !== undefined) refuse(what);
}

/** Before every plugin, and after every one. */
export const first = -1e6;
export const last = 1e6;
