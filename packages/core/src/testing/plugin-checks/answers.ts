import { during } from '../../hooks/during.js';
import type { Plugin } from '../../plugin.js';
import { checkPlugin } from '../../plugin-shape.js';
import type { CheckpointStore } from '../../trainer-types.js';
import { ensure } from '../check.js';
import { closing } from './gates.js';
import { first, type PluginSubject, train } from './subject.js';

/** Accumulates, and leaves the update of one step out: the less common ways through a step. */
const occasions: Plugin = {
  name: 'conformance-occasions',
  stage: first,
  accumulation: 2,
  onStep: during('gradients', (step) => (step.index === 2 ? { ...step, skipUpdate: true } : step)),
};

const nowhere: CheckpointStore = { save: async () => undefined, load: async () => undefined };

/** The trainer holds plugins to the rule of one valid answer for each event; this runs it through all events that there are. */
export async function answersOnce(subject: PluginSubject): Promise<void> {
  const [plugin, another] = [subject.make(), subject.make()];
  checkPlugin(plugin);
  ensure(plugin !== another, 'the function under test answers with one object again and again', 'let it make a plugin at each call');
  await train(subject, { plugin, store: nowhere, around: (one) => [occasions, one], evaluateEvery: 2 });
}

/** What plugins report ends up in files and charts, in steps without an update and with closed blocks too: JSON has no NaN. */
export async function reportsNumbers(subject: PluginSubject): Promise<void> {
  const { steps } = await train(subject);
  const { steps: uncommon } = await train(subject, { around: (one) => [occasions, closing, one] });
  for (const { index, report } of [...steps, ...uncommon]) {
    for (const [name, value] of Object.entries(report))
      ensure(Number.isFinite(value), `step ${index} reports '${name}' as ${value}`, 'leave out what is not known: report finite numbers only');
  }
}
