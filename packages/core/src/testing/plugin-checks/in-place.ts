import { eachBlock } from '../../hooks/during.js';
import type { Plugin } from '../../plugin.js';
import { fault } from '../check.js';
import { first, last, type PluginSubject, train } from './subject.js';

/** A tensor on its way through the plugins. */
interface Passing {
  readonly what: 'input' | 'output';
  readonly tensor: unknown;
  readonly norm: number;
}

/** What goes into blocks and comes out of them is replaced by answers, in training and in evaluations, and never written to: others hold it too. */
export async function changesNoTensor(subject: PluginSubject): Promise<void> {
  let passing: readonly Passing[] = [];
  const before: Plugin = {
    name: 'conformance-before-blocks',
    stage: first,
    setup: ({ algebra }) => ({
      onForwardBlock: eachBlock((call) => {
        const look = (what: Passing['what'], tensor: unknown): Passing => ({ what, tensor, norm: algebra.norm(tensor) });
        passing = [look('input', call.input), ...(call.phase === 'leave' ? [look('output', call.output)] : [])];
        return call;
      }),
    }),
  };
  const after: Plugin = {
    name: 'conformance-behind-blocks',
    stage: last,
    setup: ({ algebra }) => ({
      onForwardBlock: eachBlock((call) => {
        for (const { what, tensor, norm } of passing)
          if (!Object.is(algebra.norm(tensor), norm))
            fault(`it writes into the ${what} of block '${call.name}'`, `answer with a tensor in its place: { ...call, ${what} }`);
        return call;
      }),
    }),
  };
  await train(subject, { evaluateEvery: 2, around: (plugin) => [before, plugin, after] });
}
