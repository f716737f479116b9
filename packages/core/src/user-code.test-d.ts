/** What users write, compiled; and what must not compile. */
import { bufferCount, delay, filter, mergeMap, pairwise, pipe, scan, tap } from 'rxjs';
import * as z from 'zod';
import {
  asynchronously,
  type Block,
  type BlockCall,
  createTrainer,
  definePlugin,
  during,
  eachBlock,
  type Learner,
  type Plugin,
  type StepEvent,
  synchronously,
  token,
} from './index.js';
import { residualMlp, type Vec } from './testing/index.js';

interface Tensor {
  readonly dataId: object;
  readonly shape: readonly number[];
}
declare const block: Block<Tensor>;
declare const x: Tensor;
declare const mask: Tensor;
declare const tensors: Learner<{ readonly ids: Tensor }, Tensor>;
declare const attend: (x: Tensor, mask: Tensor) => Tensor;
declare const feedForward: (x: Tensor) => Tensor;
declare const norm: (x: Tensor) => Tensor;
declare const layer: (x: Tensor) => Tensor;

const learner = residualMlp();

export async function main() {
  const trainer = createTrainer({
    learner,
    plugins: [
      { name: 'a', onStep: during('gradients', (s) => (s.gradients.norm() > 50 ? { ...s, skipUpdate: true } : s)) },
      { name: 'b', onStep: during('gradients', (s) => ({ ...s, gradients: s.gradients.map((g) => ({ ...g, values: g.values.map((v: number) => v / 2) })) })) },
      { name: 'c', onForwardBlock: eachBlock((call) => (call.phase === 'leave' && call.output.values.length > 3 ? { ...call, output: call.input } : call)) },
      { name: 'd', onEval: during('evalEnd', (e) => (e.metrics['loss']! > 1 ? { ...e, stop: 'bad' } : e)) },
      { name: 'e', onStep: during('begin', async (s) => ({ ...s, learningRate: 0.1 })) },
      {
        name: 'f',
        onStep: pipe(
          during('begin', (s) => ({ ...s, learningRate: 0.1 })),
          during('end', (s) => ({ ...s, checkpoint: true })),
        ),
      },
      {
        name: 'g',
        onStep: (events) =>
          events.pipe(
            scan((_, event) => event),
            tap((event) => void (event.phase === 'end' && event.loss)),
          ),
      },
      { name: 'h', onStep: asynchronously(delay(1)), onForwardBlock: during('leave', (call) => ({ ...call, output: call.input })) },
    ],
    steps: 1000,
    seed: 1,
    run: 'runs/first',
  });
  for await (const event of trainer.events('step')) console.log(event.index, event.loss, event.activeBlocks, event.report['theta']);
  createTrainer({ learner: tensors, epochs: 3, plugins: [schedule({ peak: 1 }), optional(), optional({ rate: 1 })] });
  return (await trainer.run()).last?.loss;
}

// blocks
export const transformer = block(
  'encoder.3',
  x,
  (h, { branch }, m) =>
    branch(
      'ffn',
      branch('attention', h, (u) => attend(u, m)),
      feedForward,
    ),
  mask,
);
export const postNorm = block('encoder.4', x, (h, { branch }) => branch('ffn', h, feedForward, norm));
export const anybodys = block('layer.3', x, layer);

// factories infer options and state
const schedule = definePlugin({
  name: 'schedule',
  options: z.strictObject({ peak: z.number(), warmup: z.number().default(0) }),
  state: { version: 1, schema: z.strictObject({ n: z.int() }), initial: () => ({ n: 0 }) },
  hooks: ({ peak, warmup }, run, state) => ({ onStep: during('begin', (s) => ({ ...s, learningRate: peak + warmup + state.get().n + run.total })) }),
});
const optional = definePlugin({ name: 'optional', options: z.strictObject({ rate: z.number().optional() }), hooks: () => ({}) });
// @ts-expect-error a required option is missing
schedule();
// @ts-expect-error an option of another type
schedule({ peak: 'x' });
// @ts-expect-error no such option
schedule({ peak: 1, peek: 2 });
definePlugin({
  name: 'stateful',
  options: z.strictObject({}),
  state: { version: 1, schema: z.strictObject({ n: z.int() }), initial: () => ({ n: 0 }) },
  hooks: (_, __, state) => {
    // @ts-expect-error a state of another shape
    state.set({ m: 1 });
    return {};
  },
});

// plugins out of context
export const agnostic: Plugin = { name: 'x', onStep: during('gradients', (s) => ({ ...s, gradients: s.gradients.clipNorm(1) })) };
export const typed: Plugin<Vec> = { name: 'x', onStep: during('gradients', (s) => ({ ...s, gradients: s.gradients.map((g) => ({ ...g })) })) };
export const each: Plugin<Tensor> = { name: 'x', onForwardBlock: eachBlock((call) => call) };
createTrainer({ learner, steps: 1, plugins: [agnostic, typed] });
// @ts-expect-error a plugin typed for another framework
createTrainer({ learner, steps: 1, plugins: [each] });

// what compiles and is found out in the run: a spread hides a misspelt field from the compiler
({ name: 'x', onStep: during('begin', (s) => ({ ...s, learningrate: 1 })) }) satisfies Plugin;
({ name: 'x', onForwardBlock: synchronously(delay(1)) }) satisfies Plugin;
({ name: 'x', onStep: filter((e: StepEvent) => e.phase === 'end') as never }) satisfies Plugin;

// lengths
// @ts-expect-error steps and epochs both
createTrainer({ learner, steps: 1, epochs: 1 });
// @ts-expect-error neither
createTrainer({ learner });

// phases
// @ts-expect-error a phase that does not exist
({ name: 'x', onStep: during('nope', (s) => s) }) satisfies Plugin;
// @ts-expect-error gradients are not there yet
({ name: 'x', onStep: during('begin', (s) => (s.gradients.norm() > 1 ? s : s)) }) satisfies Plugin;
// @ts-expect-error the loss is not known yet
({ name: 'x', onStep: during('gradients', (s) => (s.loss > 1 ? s : s)) }) satisfies Plugin;
// @ts-expect-error a phase of an evaluation in onStep
({ name: 'x', onStep: during('evalEnd', (e) => e) }) satisfies Plugin;
// @ts-expect-error a phase of a block in onStep
({ name: 'x', onStep: during('enter', (call) => call) }) satisfies Plugin;
// @ts-expect-error a phase of a step in onForwardBlock
({ name: 'x', onForwardBlock: during('begin', (s) => s) }) satisfies Plugin;

// events
({
  name: 'x',
  onStep: during('begin', (s) => {
    // @ts-expect-error mutation
    s.learningRate = 1;
    return s;
  }),
}) satisfies Plugin;
({
  name: 'x',
  onStep: during('begin', (s) => {
    // @ts-expect-error mutation of a gate
    s.gates[0]!.active = false;
    return s;
  }),
}) satisfies Plugin;
// @ts-expect-error a forgotten return
({ name: 'x', onStep: during('begin', (s) => void s) }) satisfies Plugin;
// @ts-expect-error a field of another type
({ name: 'x', onStep: during('begin', (s) => ({ ...s, dropped: 'forget' })) }) satisfies Plugin;
// @ts-expect-error pairwise changes the type
({ name: 'x', onStep: pairwise() }) satisfies Plugin;
// @ts-expect-error bufferCount changes the type
({ name: 'x', onStep: bufferCount(2) }) satisfies Plugin;

// blocks are synchronous
// @ts-expect-error a raw operator
({ name: 'x', onForwardBlock: delay(1) }) satisfies Plugin;
// @ts-expect-error a raw asynchronous operator
({ name: 'x', onForwardBlock: mergeMap(async (call: BlockCall) => call) }) satisfies Plugin;
// @ts-expect-error a Promise for a block's call
({ name: 'x', onForwardBlock: eachBlock(async (call) => call) }) satisfies Plugin;
// @ts-expect-error a Promise from during
({ name: 'x', onForwardBlock: during('enter', async (call) => call) }) satisfies Plugin;
// @ts-expect-error an asynchronous operator
({ name: 'x', onForwardBlock: asynchronously((calls) => calls) }) satisfies Plugin;
// @ts-expect-error an asynchronous body
block('b', x, async (h) => h);
// @ts-expect-error an input that is no tensor
block('b', x, (h) => h, 3);

// services
const Rate = token<number>('Rate');
createTrainer({
  learner,
  steps: 1,
  plugins: [{ name: 'x', setup: (run) => ({ onStep: during('begin', (s) => ({ ...s, learningRate: run.service(Rate) })) }) }],
  services: (run) => void run.register(Rate, { useFactory: () => 0.1 }),
});
// @ts-expect-error a service of another type
createTrainer({ learner, steps: 1, services: (run) => void run.register(Rate, { useFactory: () => 'x' }) });
