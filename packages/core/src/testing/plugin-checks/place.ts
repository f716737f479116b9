import { pipe } from 'rxjs';
import { mergeGates, openGates } from '../../gates.js';
import { during } from '../../hooks/during.js';
import type { Plugin } from '../../plugin.js';
import { fault } from '../check.js';
import type { Trace } from '../traced-run.js';
import { compareRuns, type PluginSubject, train } from './subject.js';

/** What has one owner: whoever provides it may set it whatever others planned. */
interface Owned {
  readonly rate: boolean;
  readonly policy: boolean;
}

/** Plans and asks for a little of everything that adds up in any order; `block` is the one that it closes and slows. What is owned is left alone. */
const neighbour = (name: string, stage: number, block: number, { rate, policy }: Owned): Plugin => ({
  name,
  stage,
  setup: (run) => {
    const slowed = new Set(run.blocks[block % run.blocks.length]?.parameters);
    return {
      onStep: pipe(
        during('begin', (step) => ({
          ...step,
          gates: mergeGates(
            step.gates,
            openGates(run.blocks).map((gate, i) => ({ ...gate, active: i !== block || step.index % 2 === 0 })),
          ),
          rateScale: (parameter) => (slowed.has(parameter) ? 0.5 : 1) * step.rateScale(parameter),
          ...(rate ? {} : { learningRate: step.index % 2 === 0 ? step.learningRate : 0.5 * step.learningRate }),
          ...(policy ? {} : { dropped: 'zeroGradient' as const, counter: 'global' as const }),
          recompute: (one) => one === run.blocks[0]?.name || step.recompute(one),
          report: { ...step.report, [name]: step.index },
        })),
        during('end', (step) => ({
          ...step,
          evaluate: step.index === block ? [...step.evaluate, ...run.evaluationSets] : step.evaluate,
          checkpoint: step.checkpoint || step.index === block,
          report: { ...step.report, [`${name} end`]: 1 },
        })),
      ),
    };
  },
});

/**
 * At every place among other plugins the run is the same: the order is the trainer's affair, and what neighbours planned, asked for and
 * reported is kept and added to.
 * @param peers whether one of the neighbours has the plugin's own stage
 */
export async function keepsItsPlace(subject: PluginSubject, peers: boolean): Promise<void> {
  const { stage = 0, provides = [], shares = [] } = subject.make();
  const owns = (capability: string): boolean => [...provides, ...shares].includes(capability);
  const owned: Owned = { rate: owns('learning-rate'), policy: owns('gating') };
  const others = () => [
    neighbour('conformance-early', stage - 25, 0, owned),
    ...(peers ? [neighbour('conformance-peer', stage, 1, owned)] : []),
    neighbour('conformance-late', stage + 25, 2, { ...owned, policy: true }),
  ];
  let reference: Trace | undefined;
  for (let place = 0; place <= others().length; place++) {
    const run = await train(subject, { around: (plugin) => others().toSpliced(place, 0, plugin) });
    reference ??= run;
    compareRuns(reference, run, (what) =>
      fault(
        `behind ${place} of its neighbours the run is another one than before all of them: ${what}`,
        'add to what is there: { ...step.report, mine }, step.rateScale(name) * mine, mergeGates(step.gates, mine), step.learningRate * mine; ' +
          "or own it: provides: ['learning-rate'], and ['gating'] for dropped and counter",
      ),
    );
  }
}
