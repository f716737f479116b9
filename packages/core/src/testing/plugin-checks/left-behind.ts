import { during } from '../../hooks/during.js';
import type { Learner, Weights } from '../../learner.js';
import type { Plugin } from '../../plugin.js';
import { ensure, fault, same } from '../check.js';
import { delegate } from '../delegate.js';
import { compareRuns, last, type PluginSubject, train } from './subject.js';
import { listenersOfProcess, propertiesOf, watchTimers } from './surroundings.js';

const stop = new Error('conformance: the run ends here');

/** Ends a run in the middle, by a throw. */
const throwing: Plugin = {
  name: 'conformance-throwing',
  stage: last,
  onStep: during('end', (step) => {
    if (step.index === 2) throw stop;
    return step;
  }),
};

/** Fails when it is set up, after the plugin under test has been. */
const failing: Plugin = {
  name: 'conformance-failing',
  stage: last,
  setup: () => {
    throw stop;
  },
};

const isStop = (error: unknown): boolean => error === stop || (error as { cause?: unknown } | undefined)?.cause === stop;

/** Runs of this length: there are many. */
const steps = 6;

type Ending = readonly [name: string, train: (subject: PluginSubject, learner: Learner) => Promise<unknown>];

const endings: readonly Ending[] = [
  ['a whole run', (subject, learner) => train(subject, { steps, learner })],
  ['a run that was left', (subject, learner) => train(subject, { steps, learner, killAfter: 2 })],
  [
    'a run that was aborted',
    (subject, learner) => {
      const controller = new AbortController();
      const abort = during('end', (step) => {
        if (step.index === 2) controller.abort();
        return step;
      });
      return train(subject, { steps, learner, signal: controller.signal, around: (plugin) => [plugin, { name: 'conformance-aborting', onStep: abort }] });
    },
  ],
  ['a run that threw', (subject, learner) => train(subject, { steps, learner, around: (plugin) => [plugin, throwing] })],
  ['a run that did not begin', (subject, learner) => train(subject, { steps, learner, around: (plugin) => [plugin, failing] })],
];

/** After a run with the plugin, however it ended, everything is as if it had never been: the next run, the learner's verbs, timers, listeners. */
export async function leavesNothing(subject: PluginSubject, slots: readonly string[]): Promise<void> {
  const made = new Set<string>();
  const inner = await subject.learner();
  const copy = (to: string): void => {
    made.add(to);
    inner.weights.copy(to);
  };
  const weights: Weights = Object.create(inner.weights, { copy: { value: copy } });
  const learner = delegate(inner, { weights });
  try {
    const begun = learner.save();
    const without = await train(subject, { steps, learner, plugin: null });
    const surroundings = () => ({ ...propertiesOf({ learner, algebra: learner.algebra, weights, data: learner.data }), ...listenersOfProcess() });
    const untouched = surroundings();
    for (const [name, run] of endings) {
      learner.load(begun);
      const timers = watchTimers();
      try {
        await run(subject, learner);
      } catch (error) {
        if (!isStop(error)) throw error;
      } finally {
        await timers.turn();
        timers.release();
      }
      const now = surroundings();
      const patched = [...new Set([...Object.keys(now), ...Object.keys(untouched)])].find((key) => !same(now[key], untouched[key]));
      ensure(patched === undefined, `after ${name}, ${patched} is not what it was`, "undo it when the run ends: run.on('end', …) in setup");
      ensure(timers.running() === 0, `after ${name}, ${timers.running()} timers are still running`, "clear them when the run ends: run.on('end', …) in setup");
      const slot = [...made].find((one) => learner.weights.has(one) && !slots.includes(one));
      ensure(slot === undefined, `after ${name}, there is a slot of weights '${slot}'`, 'name those that are meant to stay: slots');
      learner.load(begun);
      compareRuns(without, await train(subject, { steps, learner, plugin: null }), (what) =>
        fault(`after ${name} with the plugin, a run without it is another one: ${what}`, 'change nothing but by the answers of hooks and by run.weights'),
      );
    }
  } finally {
    inner.dispose();
  }
}
