import { pipe } from 'rxjs';
import type { BlockCall, EvalBegin, EvalEnd } from '../../events.js';
import { asynchronously, during, eachBlock } from '../../hooks/during.js';
import type { Learner } from '../../learner.js';
import type { Plugin } from '../../plugin.js';
import type { Tensors } from '../../values.js';
import { ensure, fault, same } from '../check.js';
import { differentTensor } from '../traced-run.js';
import { first, last, type PluginSubject, train } from './subject.js';

const hint = "evaluation shows the whole network: answer with the event as it is where mode is 'evaluate', or claim 'evaluation'";

/** What the watcher before all plugins saw of the event in progress. */
interface Seen {
  begin?: EvalBegin;
  end?: EvalEnd;
  call?: BlockCall;
  weights?: Tensors;
}

/** Keeps the event that plugins are about to see. */
const before = (seen: Seen, learner: Learner): Plugin => ({
  name: 'conformance-before-evaluation',
  stage: first,
  onEval: pipe(
    during('evalBegin', (event) => {
      seen.weights = learner.save();
      seen.begin = event;
      return event;
    }),
    during('evalEnd', (event) => {
      seen.end = event;
      return event;
    }),
  ),
  onForwardBlock: eachBlock((call) => {
    seen.call = call;
    return call;
  }),
});

const tensorOf = (call: BlockCall): unknown => (call.phase === 'enter' ? call.input : call.output);

/** Compares it with what they made of it. */
const after = (seen: Seen, learner: Learner): Plugin => ({
  name: 'conformance-after-evaluation',
  stage: last,
  setup: (run) => ({
    onEval: asynchronously(
      pipe(
        during('evalBegin', (event) => {
          ensure(same(event.gates, seen.begin?.gates), `it changes the gates of an evaluation`, hint);
          ensure(event.weights === seen.begin?.weights, `it has evaluations use the weights of slot '${event.weights}'`, hint);
          return event;
        }),
        during('evalEnd', async (event) => {
          const { metrics = {} } = seen.end ?? {};
          const changed = Object.keys(metrics).find((name) => !Object.is(event.metrics[name], metrics[name]));
          ensure(changed === undefined, `it changes the metric '${changed}' of an evaluation`, hint);
          const moved = Object.keys(seen.weights ?? {}).find((name) => differentTensor({ [name]: seen.weights![name]! }, { [name]: learner.save()[name]! }));
          ensure(moved === undefined, `it changes tensor '${moved}' in an evaluation`, hint);
          const { gates, weights } = seen.begin!;
          const without = await run.evaluate(event.set, { gates, weights, step: event.step });
          const other = Object.keys(without).find((name) => !Object.is(metrics[name], without[name]));
          ensure(other === undefined, `with it, an evaluation of '${event.set}' has a '${other}' of ${metrics[other!]} instead of ${without[other!]}`, hint);
          return event;
        }),
      ),
    ),
    onForwardBlock: eachBlock((call) => {
      const touched = call.mode === 'evaluate' && tensorOf(call) !== tensorOf(seen.call!);
      return touched ? fault(`it replaces the ${call.phase === 'enter' ? 'input' : 'output'} of block '${call.name}' in an evaluation`, hint) : call;
    }),
  }),
});

/** Evaluation is as without the plugin but for metrics that it adds: gates, slot, every block's input and output, metrics, and the weights after it. */
export async function leavesEvaluation(subject: PluginSubject): Promise<void> {
  const learner = await subject.learner();
  const seen: Seen = {};
  try {
    await train(subject, { learner, evaluateEvery: 2, around: (plugin) => [before(seen, learner), plugin, after(seen, learner)] });
  } finally {
    learner.dispose();
  }
}
