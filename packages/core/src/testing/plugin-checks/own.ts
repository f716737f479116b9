import { tap } from 'rxjs';
import { synchronously } from '../../hooks/during.js';
import type { Weights } from '../../learner.js';
import type { Plugin } from '../../plugin.js';
import { RandomSource, type Services } from '../../services.js';
import { ensure } from '../check.js';
import { delegate } from '../delegate.js';
import { first, last, type PluginSubject, train } from './subject.js';

/** What the trainer draws from. */
const streams: readonly string[] = ['dropout', 'dropout.block'];

/** What plugins call their slots, more or less. */
const usual = ['ema', 'swa', 'best', 'slow', 'initial', 'previous', 'last-sound', 'conformance'];

/** Two plugins around the one under test, that tell when none but it is at work. */
function brackets(atWork: (is: boolean) => void): readonly [Plugin, Plugin] {
  const bracket = (name: string, stage: number, is: boolean): Plugin => ({
    name,
    stage,
    setup: () => {
      atWork(is);
      const tell = () => atWork(is);
      return { onStep: tap(tell), onEval: tap(tell), onForwardBlock: synchronously(tap(tell)) };
    },
  });
  return [bracket('conformance-opening', first, true), bracket('conformance-closing', last, false)];
}

/** It writes no slot that others keep, and draws from no stream that the trainer draws from. */
export async function keepsToItsOwn(subject: PluginSubject, slots: readonly string[]): Promise<void> {
  const inner = await subject.learner();
  const written = new Set<string>();
  const noting =
    <A extends readonly unknown[]>(verb: (slot: string, ...rest: A) => void) =>
    (slot: string, ...rest: A): void => {
      written.add(slot);
      verb(slot, ...rest);
    };
  const { weights: kept } = inner;
  const weights: Weights = Object.create(kept, {
    copy: { value: noting((slot) => kept.copy(slot)) },
    lerp: { value: noting((slot, amount: number) => kept.lerp(slot, amount)) },
    remove: { value: noting((slot) => kept.remove(slot)) },
  });
  const learner = delegate(inner, { weights });
  let working = false;
  let taken: string | undefined;
  const services = (run: Services): void => {
    subject.services?.(run);
    const source = run.resolve(RandomSource);
    const uniform: RandomSource['uniform'] = (seed, stream, ...rest) => {
      if (working && streams.includes(stream)) taken ??= stream;
      return source.uniform(seed, stream, ...rest);
    };
    run.register(RandomSource, { useFactory: (): RandomSource => ({ uniform }) });
  };
  try {
    const begun = learner.save();
    await train(subject, { learner });
    const foreign = usual.filter((slot) => !written.has(slot) && !slots.includes(slot));
    learner.load(begun);
    for (const slot of foreign) kept.copy(slot);
    written.clear();
    const [before, after] = brackets((is) => {
      working = is;
    });
    await train(subject, { learner, services, around: (plugin) => [before, plugin, after] });
    const slot = foreign.find((one) => written.has(one));
    ensure(slot === undefined, `it writes to a slot of weights '${slot}' that it finds and did not make`, 'write to slots of a name of your own');
    ensure(
      taken === undefined,
      `it draws from the stream '${taken}', from which the trainer draws`,
      'name streams after the plugin: run.random(name, step, index)',
    );
  } finally {
    inner.dispose();
  }
}
