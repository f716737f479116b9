import { pipe } from 'rxjs';
import type { Gates } from '../../gates.js';
import { mergeGates } from '../../gates.js';
import { during, eachBlock } from '../../hooks/during.js';
import type { Plugin } from '../../plugin.js';
import { ensure, same } from '../check.js';
import { first, last, type PluginSubject, train } from './subject.js';

/** Closes every second block, and the first branch of the others where there are several, before any other plugin. */
export const closing: Plugin = {
  name: 'conformance-closing',
  stage: first,
  onStep: during('begin', (step) => ({
    ...step,
    gates: mergeGates(
      step.gates,
      step.gates.map((gate, i) => {
        const [branch, ...more] = Object.keys(gate.branches);
        const branches = branch !== undefined && more.length > 0 ? { ...gate.branches, [branch]: { active: false, gain: 1 } } : gate.branches;
        return { ...gate, active: i % 2 === 0, branches };
      }),
    ),
  })),
};

const closedIn = (gates: Gates): string[] =>
  gates.flatMap(({ name, active, branches }) => [
    ...(active ? [] : [name]),
    ...Object.entries(branches).flatMap(([branch, gate]) => (gate.active ? [] : [`${name} ${branch}`])),
  ]);

/** What another plugin closed stays closed, in the plan and where it is executed; the plan made in `begin` is the one of the whole step. */
export async function obeysGates(subject: PluginSubject): Promise<void> {
  let planned: Gates = [];
  const watch: Plugin = {
    name: 'conformance-gates',
    stage: last,
    onStep: pipe(
      during('begin', (step) => {
        planned = step.gates;
        return step;
      }),
      during('end', (step) => {
        const open = closedIn(step.gates);
        ensure(
          step.gates.every((gate, i) => i % 2 === 0 || !gate.active) && open.length > 0,
          'it opens a block that another plugin closed',
          'plans only close: mergeGates(step.gates, yours)',
        );
        return step;
      }),
    ),
    onForwardBlock: eachBlock((call) => {
      ensure(call.mode === 'evaluate' || same(call.gate, planned[call.index]), `block '${call.name}' runs under another gate than was planned`);
      return call;
    }),
  };
  await train(subject, { around: (plugin) => [closing, plugin, watch] });
}
