import { filter, pipe, tap } from 'rxjs';
import { expect, test } from 'vitest';
import type { BlockCall, BlockLeave, EvalEvent, StepEvent } from './events.js';
import { mergeGates } from './gates.js';
import { asynchronously, during, eachBlock } from './hooks/during.js';
import type { Plugin } from './plugin.js';
import { type ResidualMlpOptions, residualMlp, type Vec } from './testing/index.js';
import { createTrainer } from './trainer.js';
import type { RunResult, StepNews } from './trainer-types.js';

const rate = { learningRate: 0.01, seed: 1 };

/** Closes every second block. */
const half: Plugin = {
  name: 'half',
  onStep: during('begin', (step) => ({
    ...step,
    gates: mergeGates(
      step.gates,
      step.gates.map((gate, i) => ({ ...gate, active: i % 2 === 0 })),
    ),
  })),
};

const accumulate = (microBatches: number): Plugin => ({ name: 'accumulate', accumulation: microBatches });

const evaluateAtEnd: Plugin = { name: 'evaluate', onStep: during('end', (step) => ({ ...step, evaluate: [...step.evaluate, 'dev'] })) };

async function steps(
  learner: ResidualMlpOptions,
  plugins: readonly Plugin[],
  options: object = {},
): Promise<{ news: StepNews[]; result: RunResult; weights: string }> {
  const news: StepNews[] = [];
  const made = residualMlp(learner);
  const trainer = createTrainer({ learner: made, plugins, steps: 6, ...rate, ...options });
  trainer.on('step', (one) => void news.push(one));
  const result = await trainer.run();
  return { news, result, weights: JSON.stringify(made.save(), (_, value) => (ArrayBuffer.isView(value) ? [...(value as Float64Array)] : value)) };
}

test('training lowers the loss', async () => {
  const { news, result } = await steps({}, [], { steps: 100 });
  expect(news.at(-1)!.loss).toBeLessThan(0.5 * news[0]!.loss);
  expect(result).toMatchObject({ steps: 100, stopped: undefined, metrics: {} });
  expect(result.last).toEqual(news.at(-1));
  expect(news.map((one) => one.index)).toEqual(Array.from({ length: 100 }, (_, i) => i));
});

test('three micro-batches are one batch, for two objectives with counts of their own', async () => {
  const one = await steps({ batch: 15, rows: 30, optimizer: 'sgd' }, []);
  const three = await steps({ batch: 5, rows: 30, optimizer: 'sgd' }, [accumulate(3)]);
  three.news.forEach((news, i) => {
    for (const objective of ['all', 'masked']) expect(Math.abs(news.losses[objective]! - one.news[i]!.losses[objective]!)).toBeLessThan(1e-13);
    expect(news.epoch).toBe(one.news[i]!.epoch);
  });
  expect(one.news[0]!.losses['masked']).toBeGreaterThan(0);
});

test('factors of accumulation multiply', async () => {
  const both = await steps({ batch: 2, rows: 36 }, [accumulate(3), { name: 'more', accumulation: 2 }]);
  expect(both.news.map((news) => news.epoch)).toEqual([0, 1 / 3, 2 / 3, 1, 4 / 3, 5 / 3]);
});

test('dropped blocks are skipped, published, and run again in evaluation', async () => {
  const calls: string[] = [];
  const watch: Plugin = {
    name: 'watch',
    onForwardBlock: eachBlock((call) => {
      if (call.phase === 'enter') calls.push(`${call.mode} ${call.index} ${call.gate.active}`);
      return call;
    }),
  };
  const operations = { forward: 0, backward: 0, updated: 0 };
  const { news } = await steps({ operations }, [half, watch], { steps: 1 });
  expect(operations).toEqual({ forward: 18, backward: 18, updated: 10 }); // stem and head, two blocks of two branches of four operations
  expect(news[0]).toMatchObject({ activeBlocks: 2, active: [true, false, true, false] });
  expect(calls).toEqual(['train 0 true', 'train 1 false', 'train 2 true', 'train 3 false']);
  calls.length = 0;
  const evaluated = await steps({}, [half, watch, evaluateAtEnd], { steps: 1 });
  expect(calls.slice(4)).toEqual([0, 1, 2, 3, 0, 1, 2, 3].map((i) => `evaluate ${i} true`)); // two batches
  expect(evaluated.result.metrics['dev']!['loss']).toBeGreaterThan(0);
});

test('a step can be replayed: every open block of every micro-batch as it was, and the run goes on as without', async () => {
  const outputs: string[] = [];
  const line = (call: BlockLeave<Vec>) => `${call.micro} ${call.name} ${call.gate.active} ${call.output.values.join()}`;
  const seen: string[] = [];
  const watch: Plugin<Vec> = {
    name: 'watch',
    onForwardBlock: eachBlock<Vec>((call) => {
      if (call.phase === 'leave') seen.push(line(call));
      return call;
    }),
  };
  const again: Plugin<Vec> = {
    name: 'again',
    onStep: during('gradients', async (step) => {
      const first = seen.splice(0);
      await step.replay((call) => outputs.push(line(call)));
      expect(outputs.splice(0)).toEqual(first);
      expect(seen.splice(0)).toEqual(first); // the hooks of others take part
      return step;
    }),
  };
  const options = { dropout: 0.3 };
  const replayed = await steps(options, [half, accumulate(2), watch, again], { steps: 3 });
  const plain = await steps(options, [half, accumulate(2)], { steps: 3 });
  expect(replayed.weights).toBe(plain.weights);
});

test('a rate scale of 0 freezes: no gradient, no update, no moments', async () => {
  const names: (readonly string[])[] = [];
  const freeze: Plugin = {
    name: 'freeze',
    onStep: pipe(
      during('begin', (step) => ({ ...step, rateScale: (name) => (name.startsWith('block.1') ? 0.5 : 0) })),
      during('gradients', (step) => {
        names.push(step.gradients.names);
        return step;
      }),
    ),
  };
  const learner = residualMlp({ depth: 2 });
  const before = learner.save();
  await createTrainer({ learner, plugins: [freeze], steps: 1, ...rate }).run();
  const after = learner.save();
  expect([...names[0]!].sort()).toEqual([...learner.blocks[1]!.parameters].sort());
  expect(after['weights/block.0.a.in']).toEqual(before['weights/block.0.a.in']);
  expect(after['adam.first/stem']).toEqual(before['adam.first/stem']);
  expect(after['weights/block.1.a.in']).not.toEqual(before['weights/block.1.a.in']);
});

test('an evaluation may have a gate plan of its own', async () => {
  const lesion: Plugin = {
    name: 'lesion',
    onEval: during('evalBegin', (event) => ({
      ...event,
      gates: mergeGates(
        event.gates,
        event.gates.map((gate) => ({ ...gate, active: false })),
      ),
    })),
  };
  const [whole, lesioned] = [await steps({}, [evaluateAtEnd], { steps: 1 }), await steps({}, [evaluateAtEnd, lesion], { steps: 1 })];
  expect(lesioned.result.metrics['dev']!['loss']).not.toBe(whole.result.metrics['dev']!['loss']);
  expect(lesioned.weights).toBe(whole.weights);
});

test('the end of a step comes to plugins by their endStage, where they have one', async () => {
  const seen: string[] = [];
  const look = (name: string, order: Partial<Plugin> = {}): Plugin => ({
    name,
    ...order,
    onStep: tap((event: StepEvent) => void seen.push(`${name} ${event.phase}`)),
  });
  const plugins = [look('late', { stage: 2, endStage: -1 }), look('after', { stage: 1, endStage: -2, after: ['plain'] }), { name: 'none' }, look('plain')];
  expect(createTrainer({ learner: residualMlp(), plugins, steps: 1, ...rate }).plan()).toEqual(['none', 'plain', 'after', 'late']);
  await steps({}, plugins, { steps: 1 });
  expect(seen).toEqual([
    ...['begin', 'gradients'].flatMap((phase) => ['plain', 'after', 'late'].map((name) => `${name} ${phase}`)),
    'late end',
    'plain end',
    'after end',
  ]);
});

test('a step goes begin, gradients, end through all plugins in the printed order; each sees the answer before', async () => {
  const seen: string[] = [];
  const look = (name: string, order: Partial<Plugin> = {}): Plugin => ({
    name,
    ...order,
    onStep: tap((event: StepEvent) => void seen.push(`${name} ${event.phase} ${event.learningRate} ${Object.keys(event.report)}`)),
  });
  const plan: Plugin = { name: 'plan', onStep: during('begin', (step) => ({ ...step, learningRate: 0.5, report: { ...step.report, theta: 1 } })) };
  const correct: Plugin = { name: 'correct', stage: 50, onStep: during('gradients', (step) => ({ ...step, learningRate: 0.25 })) };
  const plugins = [look('last', { stage: 99 }), plan, look('first', { stage: -99 }), correct];
  expect(createTrainer({ learner: residualMlp(), plugins, steps: 1, ...rate }).plan()).toEqual(['first', 'plan', 'correct', 'last']);
  const { news } = await steps({}, plugins, { steps: 1 });
  expect(seen).toEqual([
    'first begin 0.01 ',
    'last begin 0.5 theta',
    'first gradients 0.5 theta',
    'last gradients 0.25 theta',
    'first end 0.25 theta',
    'last end 0.25 theta',
  ]);
  expect(news[0]).toMatchObject({ learningRate: 0.25, report: { theta: 1 } });
});

test('every event is frozen', async () => {
  const thawed: string[] = [];
  const inspect = (event: StepEvent | EvalEvent | BlockCall) => {
    if (!Object.isFrozen(event)) thawed.push(event.phase);
    for (const value of Object.values(event))
      if (Array.isArray(value) && value.length > 0 && !value.every(Object.isFrozen)) thawed.push(`${event.phase} gates`);
  };
  const change: Plugin = { name: 'change', stage: -1, onStep: during('begin', (step) => ({ ...step, gates: step.gates.map((gate) => ({ ...gate })) })) };
  const watch: Plugin = {
    name: 'watch',
    onStep: tap<StepEvent>(inspect),
    onEval: tap<EvalEvent>(inspect),
    onForwardBlock: eachBlock((call) => {
      inspect(call);
      return call;
    }),
  };
  const rateOnly: Plugin = { name: 'rate', stage: 1, onStep: during('gradients', (step) => ({ ...step, learningRate: 0.5 })) };
  await steps({}, [change, watch, rateOnly, { ...watch, name: 'again', stage: 2 }, evaluateAtEnd], { steps: 1 });
  expect(thawed).toEqual([]);
});

test('requests are served in order: evaluate, checkpoint, stop; an evaluation may add to them', async () => {
  const order: string[] = [];
  const plugins: Plugin[] = [
    {
      name: 'ask',
      onStep: during('end', (step) => ({ ...step, checkpoint: true, evaluate: ['dev', 'other', 'dev'], stop: step.index === 1 ? 'enough' : undefined })),
    },
    { name: 'evaluated', onEval: filter<EvalEvent>((event) => order.push(`${event.phase} ${event.set} ${event.step}`) > 0) },
  ];
  const store = { save: async ({ step }: { step: number }) => void order.push(`save ${step}`), load: async () => undefined };
  const { result, news } = await steps({ evaluationSets: ['dev', 'other'] }, plugins, { store });
  const turn = (step: number) => [...['dev', 'other'].flatMap((set) => [`evalBegin ${set} ${step}`, `evalEnd ${set} ${step}`]), `save ${step}`];
  expect(order).toEqual([...turn(1), ...turn(2)]);
  expect(result).toMatchObject({ steps: 2, stopped: 'enough' });
  expect(news).toHaveLength(2);

  order.length = 0;
  const stopping: Plugin = {
    name: 'stopping',
    onEval: during('evalEnd', (event) => ({ ...event, checkpoint: true, stop: `at ${event.step}`, metrics: { ...event.metrics, own: 7 } })),
  };
  const stopped = await steps({}, [evaluateAtEnd, stopping], { store });
  expect(order).toEqual(['save 1']);
  expect(stopped.result).toMatchObject({ steps: 1, stopped: 'at 1', metrics: { dev: { own: 7 } } });
});

test('asynchronous answers are waited for, in steps and evaluations', async () => {
  const slowly = <E>(event: E): Promise<E> => new Promise((resolve) => setTimeout(resolve, 2, event));
  const plugins: Plugin[] = [
    {
      name: 'slow',
      onStep: during('begin', async (step) => slowly({ ...step, learningRate: 0 })),
      onEval: during('evalEnd', async (event) => slowly({ ...event, stop: 'slowly' })),
    },
    { name: 'raw', onStep: asynchronously((events) => events.pipe(tap())) },
    evaluateAtEnd,
  ];
  const { result } = await steps({}, plugins);
  expect(result).toMatchObject({ steps: 1, stopped: 'slowly', last: { learningRate: 0 } });
});

test('recomputation changes nothing that shows, and hooks fire once a block', async () => {
  let calls = 0;
  const count: Plugin = {
    name: 'count',
    onForwardBlock: eachBlock((call) => {
      calls += 1;
      return call;
    }),
  };
  const recompute: Plugin = { name: 'recompute', onStep: during('begin', (step) => ({ ...step, recompute: (name) => name !== 'block.0' })) };
  const plain = await steps({ dropout: 0.2 }, [half, count]);
  const callsPlain = calls;
  calls = 0;
  const again = await steps({ dropout: 0.2 }, [half, count, recompute]);
  expect(calls).toBe(callsPlain);
  again.news.forEach((news, i) => void expect(Math.abs(news.loss - plain.news[i]!.loss)).toBeLessThan(1e-12));
});

test('a skipped update leaves the weights, and says so', async () => {
  const skip: Plugin = { name: 'skip', onStep: during('gradients', (step) => ({ ...step, skipUpdate: true })) };
  const { news, weights } = await steps({}, [skip]);
  expect(news.every((one) => one.skipped)).toBe(true);
  expect(weights).toBe((await steps({}, [skip], { steps: 1 })).weights);
});

test('draws depend on seed, step and index alone; the seed decides the dropout', async () => {
  const draws: number[][] = [];
  const draw: Plugin = {
    name: 'draw',
    setup: (run) => ({
      onStep: during('begin', (step) => {
        draws.push([0, 1, 2].map((i) => run.random('mine', step.index, i)));
        return step;
      }),
    }),
  };
  const [a, b, c] = [await steps({ dropout: 0.2 }, [draw]), await steps({ dropout: 0.2 }, [draw]), await steps({ dropout: 0.2 }, [draw], { seed: 2 })];
  expect(draws.slice(6, 12)).toEqual(draws.slice(0, 6));
  expect(new Set(draws.slice(0, 6).flat()).size).toBe(18);
  expect(draws[12]).not.toEqual(draws[0]);
  expect(a.weights).toBe(b.weights);
  expect(a.weights).not.toBe(c.weights);
});

test('the same plugin objects serve two runs, also at the same time', async () => {
  const plugins = [half, accumulate(2), evaluateAtEnd];
  const [a, b] = await Promise.all([steps({}, plugins), steps({}, plugins)]);
  expect(a.weights).toBe(b.weights);
  expect((await steps({}, plugins)).weights).toBe(a.weights);
});

test("a learner's defaults serve, and give way by capability", () => {
  const defaults: Plugin[] = [
    { name: 'schedule', provides: ['learning-rate'] },
    { name: 'clip', provides: ['clipping'], stage: 50 },
  ];
  const plan = (plugins: Plugin[], options = {}) => createTrainer({ learner: residualMlp({ defaults }), plugins, steps: 1, ...options }).plan();
  expect(plan([])).toEqual(['schedule', 'clip']);
  expect(plan([{ name: 'mine', provides: ['learning-rate'] }])).toEqual(['mine', 'clip']);
  expect(plan([], { learningRate: 0.01 })).toEqual(['clip']);
});
