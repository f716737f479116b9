import { pipe } from 'rxjs';
import { during } from '../../hooks/during.js';
import type { Plugin } from '../../plugin.js';
import { ensure } from '../check.js';
import { first, last, type PluginSubject, train } from './subject.js';

const reason = 'conformance: the run is over';
const leftOut = (index: number): boolean => index % 3 === 1;

/** Asks for all that there is to ask for, before any other plugin; to stop, where the run ends anyway. */
const asking: Plugin = {
  name: 'conformance-asking',
  stage: first,
  setup: (run) => ({
    onStep: pipe(
      during('gradients', (step) => (leftOut(step.index) ? { ...step, skipUpdate: true } : step)),
      during('end', (step) => ({
        ...step,
        evaluate: [...step.evaluate, ...run.evaluationSets],
        checkpoint: true,
        stop: step.index === run.total - 1 ? reason : step.stop,
      })),
    ),
    onEval: during('evalEnd', (event) => ({ ...event, checkpoint: true, stop: event.step === run.total ? reason : event.stop })),
  }),
};

const keep = (kept: boolean, what: string, how: string): void => ensure(kept, `it takes back ${what} that another plugin asked for`, how);

const keepAtEnd = (event: { readonly checkpoint: boolean; readonly stop: string | undefined }, over: boolean): void => {
  keep(event.checkpoint, 'a checkpoint', 'checkpoint: event.checkpoint || mine');
  keep(!over || event.stop !== undefined, 'an end of the run', 'stop: event.stop ?? mine');
};

/** What another plugin asked for before it is still asked for behind it. */
const watching: Plugin = {
  name: 'conformance-asked',
  stage: last,
  setup: (run) => ({
    onStep: pipe(
      during('gradients', (step) => {
        keep(step.skipUpdate || !leftOut(step.index), 'the leaving out of an update', 'skipUpdate: step.skipUpdate || mine');
        return step;
      }),
      during('end', (step) => {
        const gone = run.evaluationSets.find((set) => !step.evaluate.includes(set));
        keep(gone === undefined, `an evaluation of '${gone}'`, 'evaluate: [...step.evaluate, mine]');
        keepAtEnd(step, step.index === run.total - 1);
        return step;
      }),
    ),
    onEval: during('evalEnd', (event) => {
      keepAtEnd(event, event.step === run.total);
      return event;
    }),
  }),
};

/** Evaluations, checkpoints, an end, an update left out: plugins add what they ask for, and take back nothing. */
export async function keepsRequests(subject: PluginSubject): Promise<void> {
  await train(subject, { around: (plugin) => [asking, plugin, watching] });
}
