import { filter, pipe } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { definePlugin } from '../define-plugin.js';
import type { BlockCall, StepEvent } from '../events.js';
import { openGates } from '../gates.js';
import { during, eachBlock } from '../hooks/during.js';
import type { Algebra, Learner } from '../learner.js';
import type { Plugin, RunContext } from '../plugin.js';
import { type Check, type PluginConformanceOptions, pluginConformance, type Rows, residualMlp, type Vec } from './index.js';

async function failuresOf(checks: readonly Check[]): Promise<Record<string, string>> {
  const failures: Record<string, string> = {};
  for (const { name, run } of checks) {
    await run().catch((error: unknown) => {
      failures[name] = String(error);
    });
  }
  return failures;
}

const rates = [0.01, 0.002, 0.03, 0.004, 0.05];
const bad = (parts: Omit<Plugin, 'name'>): Plugin => ({ name: 'bad', ...parts });
const provides = ['learning-rate'];
const rateOf = (rate: (step: number) => number): Plugin => bad({ provides, onStep: during('begin', (step) => ({ ...step, learningRate: rate(step.index) })) });

/** A plugin whose rate depends on how many steps it has seen, which no checkpoint holds. */
const counting = (rate: (seen: number, planned: number) => number): Plugin =>
  bad({
    provides,
    setup: () => {
      let seen = 0;
      return { onStep: during('begin', (step) => ({ ...step, learningRate: rate(seen++, step.learningRate) })) };
    },
  });

/** Tensors that a plugin forgets to forget. */
const held: unknown[] = [];
const holding = (which: (call: BlockCall) => boolean): Plugin =>
  bad({
    onForwardBlock: eachBlock((call) => {
      if (call.phase === 'enter' && which(call)) held.push(call.input);
      return call;
    }),
  });

/** A plugin that changes what goes into the first block, and not by its answer. */
const writing = (mode: BlockCall['mode']): Plugin =>
  bad({
    onForwardBlock: eachBlock((call) => {
      if (call.mode === mode && call.phase === 'enter' && call.index === 0) call.input.values[0] *= 2;
      return call;
    }),
  });

/** A plugin with a state, changed at the end of each step. */
const withState = (schema: z.ZodType, initial: unknown, next: (state: any) => unknown = (state) => state): Plugin =>
  bad({
    state: { version: 1, schema, initial: () => initial },
    setup: (_, state) => ({
      onStep: during('end', (step) => {
        state.set(next(state.get()));
        return step;
      }),
    }),
  });

/** A plugin that does something once, when it is set up. */
const atSetup = (act: (run: RunContext) => unknown): Plugin =>
  bad({
    setup: (run) => {
      act(run);
      return {};
    },
  });

let outside = 0;
let left = 0;
const listeners: (() => void)[] = [];

interface Tunable extends Algebra<Vec> {
  readonly tuning: { readonly gain: number };
}

/** A learner with a setting that a plugin can reach, and that no checkpoint holds. */
function tunable(): Learner<Rows, Vec> {
  const learner = residualMlp({ depth: 2 });
  const { data, algebra } = learner;
  const tuning = { gain: 1 };
  const batch = async (position: number) => {
    const rows = await data.batch(position);
    return { ...rows, targets: rows.targets.map((x) => x * tuning.gain) };
  };
  return { ...learner, algebra: Object.assign(algebra, { tuning }), data: { ...data, batch } };
}

type Case = readonly [what: string, check: string, message: RegExp, make: () => Plugin, options?: PluginConformanceOptions];

const misbehaviours: readonly Case[] = [
  [
    'leaves an event without an answer',
    'answers each event once',
    /plugin 'bad', onStep, step 4: did not answer/,
    () => bad({ onStep: filter((event: StepEvent) => event.index < 4) as never }),
  ],
  [
    'cannot take a step whose update is left out',
    'answers each event once',
    /plugin 'bad', onStep, step 2: threw/,
    () =>
      bad({
        onStep: during('end', (step) => {
          if (step.skipped) throw new Error('no update');
          return step;
        }),
      }),
  ],
  [
    'is one object for ever',
    'answers each event once',
    /one object again and again/,
    (
      (one) => () =>
        one
    )(bad({})),
  ],
  ['misspells a hook', 'answers each event once', /'onEpoch', which means nothing/, () => ({ ...bad({}), onEpoch: () => undefined })],
  [
    'keeps a key without a value in its state',
    'has a state that a checkpoint keeps',
    /its state \{"a":1\} comes back from a file as \{"a":1\}; leave out/,
    () => withState(z.unknown(), { a: 1, b: undefined }),
  ],
  ['keeps a Map in its state', 'has a state that a checkpoint keeps', /type Map, which a checkpoint cannot keep/, () => withState(z.unknown(), new Map())],
  [
    'has a schema that transforms',
    'has a state that a checkpoint keeps',
    /its schema makes 2 of the state 1/,
    () =>
      withState(
        z.number().transform((n) => 2 * n),
        1,
        () => 1,
      ),
  ],
  ['draws from Math.random', 'repeats itself for the same seed', /two runs of the same seed differ: step/, () => rateOf(() => 0.01 * Math.random())],
  ['remembers earlier runs', 'repeats itself for the same seed', /two runs of the same seed differ/, () => rateOf(() => rates[outside++ % 5]!)],
  [
    'keeps state in a closure of setup',
    'resumes as the run that was not interrupted',
    /killed after step 0 and resumed, the run differs/,
    () => counting((seen) => rates[seen % 5]!),
  ],
  [
    'counts to three in a closure',
    'resumes as the run that was not interrupted',
    /killed after step 0 and resumed/,
    () => counting((seen, rate) => (seen % 3 === 2 ? rate / 2 : rate)),
  ],
  [
    'counts on from the seventh step',
    'resumes as the run that was not interrupted',
    /killed after step 0 and resumed/,
    () => counting((seen, rate) => (seen > 6 ? 1 : rate)),
  ],
  [
    'cannot be resumed at an even step',
    'resumes as the run that was not interrupted',
    /setup of plugin 'bad' threw no phase/,
    () =>
      atSetup(({ resumedAt }) => {
        if (resumedAt > 0 && resumedAt % 2 === 0) throw new Error('no phase');
      }),
  ],
  [
    'throws away what others report',
    'does the same at any place in the list',
    /behind 2 of its neighbours the run is another one/,
    () => bad({ onStep: during('end', (step) => ({ ...step, report: { mine: 1 } })) }),
  ],
  [
    "overwrites others' rate scale",
    'does the same at any place in the list',
    /step\.rateScale\(name\) \* mine/,
    () => bad({ onStep: during('begin', (step) => ({ ...step, rateScale: (name) => (name === 'head' ? 0.1 : 1) })) }),
  ],
  [
    'overwrites the rate and provides none',
    'does the same at any place in the list',
    /provides: \['learning-rate'\]/,
    () => ({ ...rateOf(() => 0.005), provides: [] }),
  ],
  [
    'overwrites what becomes of dropped parameters',
    'does the same at any place in the list',
    /and \['gating'\] for dropped and counter/,
    () => bad({ onStep: during('begin', (step) => ({ ...step, dropped: 'decay', counter: 'own' })) }),
  ],
  [
    "forgets others' evaluations",
    'keeps what other plugins asked for',
    /it takes back an evaluation of 'dev' that another plugin asked for/,
    () => bad({ onStep: during('end', (step) => ({ ...step, evaluate: [] })) }),
  ],
  [
    'updates where another plugin left it out',
    'keeps what other plugins asked for',
    /it takes back the leaving out of an update/,
    () => bad({ onStep: during('gradients', (step) => ({ ...step, skipUpdate: false })) }),
  ],
  [
    'goes on where another plugin ends the run',
    'keeps what other plugins asked for',
    /it takes back an end of the run/,
    () => bad({ onStep: during('end', (step) => ({ ...step, stop: undefined })) }),
  ],
  [
    'goes on where another plugin ends the run after an evaluation',
    'keeps what other plugins asked for',
    /it takes back an end of the run/,
    () => bad({ onEval: during('evalEnd', (event) => ({ ...event, stop: undefined })) }),
  ],
  [
    "forgets others' checkpoints after evaluations",
    'keeps what other plugins asked for',
    /it takes back a checkpoint/,
    () => bad({ onEval: during('evalEnd', (event) => ({ ...event, checkpoint: false })) }),
  ],
  [
    'opens blocks that another plugin closed',
    'opens no gate that another plugin closed',
    /opened branch 'a' of block 'block.0', which another plugin had closed/,
    () =>
      bad({
        setup: ({ blocks }) => ({ onStep: during('begin', (step) => (step.gates[0]!.branches['a']!.active ? step : { ...step, gates: openGates(blocks) })) }),
      }),
  ],
  [
    'drops blocks in evaluations',
    'leaves evaluation alone',
    /it changes the gates of an evaluation/,
    () => bad({ onEval: during('evalBegin', (event) => ({ ...event, gates: event.gates.map((gate, i) => ({ ...gate, active: i > 0 })) })) }),
  ],
  [
    'evaluates other weights',
    'leaves evaluation alone',
    /it has evaluations use the weights of slot 'mine'/,
    () =>
      bad({
        setup: ({ weights }) => ({
          onEval: during('evalBegin', (event) => {
            weights.copy('mine');
            return { ...event, weights: 'mine' };
          }),
        }),
      }),
    { slots: ['mine'] },
  ],
  [
    'embellishes metrics',
    'leaves evaluation alone',
    /it changes the metric 'loss'/,
    () => bad({ onEval: during('evalEnd', (event) => ({ ...event, metrics: { ...event.metrics, loss: 0 } })) }),
  ],
  [
    'adds its noise in evaluations too',
    'leaves evaluation alone',
    /it replaces the output of block 'block.0' in an evaluation/,
    () =>
      bad({
        onForwardBlock: eachBlock((call) =>
          call.phase === 'leave' && call.mode === 'evaluate'
            ? { ...call, output: { ...call.output, values: call.output.values.map((x: number) => 2 * x) } }
            : call,
        ),
      }),
  ],
  [
    'changes the weights in evaluations',
    'leaves evaluation alone',
    /it changes tensor 'weights\/stem' in an evaluation/,
    () =>
      bad({
        setup: ({ weights }) => ({
          onEval: during('evalEnd', (event) => {
            if (weights.has('first')) weights.restore('first');
            else weights.copy('first');
            return event;
          }),
        }),
      }),
    { slots: ['first'] },
  ],
  [
    'changes evaluations late',
    'leaves evaluation alone',
    /it changes the gates of an evaluation/,
    () => bad({ onEval: during('evalBegin', (event) => (event.step < 8 ? event : { ...event, gates: event.gates.map((gate) => ({ ...gate, gain: 0.5 })) })) }),
  ],
  [
    'has the trainer evaluate other weights under the name of the trained ones',
    'leaves evaluation alone',
    /with it, an evaluation of 'dev' has a 'loss' of .* instead of/,
    () =>
      bad({
        setup: ({ weights }) => ({
          onStep: during('end', (step) => {
            if (step.index === 0) weights.copy('early');
            weights.copy('trained');
            return step;
          }),
          onEval: pipe(
            during('evalBegin', (event) => {
              weights.restore('early');
              return event;
            }),
            during('evalEnd', (event) => {
              weights.restore('trained');
              return event;
            }),
          ),
        }),
      }),
    { slots: ['early', 'trained'] },
  ],
  ['writes into a tensor in training', 'changes no tensor in place', /it writes into the input of block 'block.0'/, () => writing('train')],
  ['writes into a tensor in evaluations', 'changes no tensor in place', /it writes into the input of block 'block.0'/, () => writing('evaluate')],
  [
    'sorts the names of the weights for all',
    'answers each event once',
    /Cannot assign to read only property/,
    () => atSetup(({ weights }) => (weights.names as string[]).reverse()),
  ],
  [
    "copies over another plugin's slot",
    'keeps to slots and streams of its own',
    /it writes to a slot of weights 'ema' that it finds and did not make/,
    () =>
      bad({
        setup: ({ weights }) => ({
          onStep: during('end', (step) => {
            if (weights.has('ema')) weights.copy('ema');
            return step;
          }),
        }),
      }),
  ],
  [
    "draws the trainer's numbers",
    'keeps to slots and streams of its own',
    /it draws from the stream 'dropout.block'/,
    () =>
      bad({
        setup: ({ random }) => ({ onStep: during('begin', (step) => ({ ...step, report: { ...step.report, draw: random('dropout.block', step.index, 0) } })) }),
      }),
  ],
  [
    'reports NaN',
    'reports finite numbers',
    /step 0 reports 'ratio' as NaN/,
    () => bad({ onStep: during('end', (step) => ({ ...step, report: { ...step.report, ratio: 0 / 0 } })) }),
  ],
  [
    'reports NaN where an update is left out',
    'reports finite numbers',
    /step 2 reports 'ratio' as NaN/,
    () => bad({ onStep: during('end', (step) => ({ ...step, report: { ...step.report, ratio: step.skipped ? 0 / 0 : 1 } })) }),
  ],
  [
    'reports NaN of closed blocks',
    'reports finite numbers',
    /step 0 reports 'block.1' as NaN/,
    () =>
      bad({
        onStep: during('end', (step) => {
          const each = step.gates.map((gate) => [gate.name, gate.active ? 1 : 0 / 0]);
          return { ...step, report: { ...step.report, ...Object.fromEntries(each) } };
        }),
      }),
  ],
  ['keeps what goes through evaluations', 'keeps no tensor', /it holds tensors of \d steps that are over/, () => holding(({ mode }) => mode === 'evaluate')],
  ['keeps tensors of every third step', 'keeps no tensor', /it holds tensors of \d steps that are over/, () => holding(({ step }) => step % 3 === 0)],
  ['keeps tensors from the fourth step on', 'keeps no tensor', /it holds tensors of \d steps that are over/, () => holding(({ step }) => step >= 3)],
  [
    'keeps what goes into a block',
    'keeps no tensor',
    /it holds tensors of 7 steps that are over/,
    () =>
      bad({
        setup: () => {
          const kept: unknown[] = [];
          return {
            onForwardBlock: eachBlock((call) => {
              if (call.phase === 'enter' && call.index === 0) kept.push(call.input);
              return call;
            }),
            onStep: during('end', (step) => ({ ...step, report: { ...step.report, kept: Math.min(1, kept.length) } })),
          };
        },
      }),
  ],
  [
    'makes tensors and forgets them',
    'keeps no tensor',
    /over \d steps, \d tensors more are there than before/,
    () =>
      bad({
        onStep: during('end', (step) => {
          left += 1;
          return step;
        }),
      }),
    { live: () => left },
  ],
  [
    'keeps state in the plugin object',
    'serves two runs at once',
    /beside another run with the same plugin object/,
    () => {
      let n = 0;
      const next = during('begin', (step) => {
        n = step.index === 0 ? 0 : n;
        n += 1;
        return { ...step, learningRate: rates[n % 5]! };
      });
      return bad({
        provides,
        state: { version: 1, schema: z.int(), initial: () => 0 },
        setup: (_, state) => {
          n = state.get();
          return {
            onStep: (events) =>
              next(events).pipe((answers) =>
                during('end', (step) => {
                  state.set(n);
                  return step;
                })(answers),
              ),
          };
        },
      });
    },
  ],
  [
    'patches the learner',
    'leaves nothing behind',
    /after a whole run, algebra.norm is not what it was/,
    () => atSetup(({ algebra }) => Object.assign(algebra, { norm: algebra.norm.bind(algebra) })),
  ],
  [
    'leaves a timer',
    'leaves nothing behind',
    /after a whole run, 1 timers are still running/,
    () =>
      atSetup(() => {
        const timer = setInterval(() => undefined, 1000);
        listeners.push(() => clearInterval(timer));
      }),
  ],
  [
    'never comes to rest',
    'leaves nothing behind',
    /after a whole run, \d+ timers are still running/,
    () =>
      atSetup(() => {
        let resting = false;
        listeners.push(() => {
          resting = true;
        });
        const loop = (): unknown => (resting ? undefined : setImmediate(loop));
        loop();
      }),
  ],
  [
    'stops its timer only where the run ends well',
    'leaves nothing behind',
    /after a run that was left, 1 timers are still running/,
    () =>
      atSetup((run) => {
        const timer = setInterval(() => undefined, 1000);
        run.on('end', ({ stopped }) => void (stopped === undefined ? clearInterval(timer) : listeners.push(() => clearInterval(timer))));
      }),
  ],
  [
    'leaves a listener on the process',
    'leaves nothing behind',
    /after a whole run, the process's listeners of 'SIGUSR2' is not/,
    () =>
      atSetup(() => {
        const listener = () => undefined;
        process.on('SIGUSR2', listener);
        listeners.push(() => process.off('SIGUSR2', listener));
      }),
  ],
  [
    'leaves a slot of weights',
    'leaves nothing behind',
    /there is a slot of weights 'scratch'/,
    () =>
      bad({
        setup: ({ weights }) => ({
          onStep: during('begin', (step) => {
            if (step.index === 0) weights.copy('scratch');
            return step;
          }),
        }),
      }),
  ],
  [
    'tunes the learner for good',
    'leaves nothing behind',
    /after a whole run with the plugin, a run without it is another one/,
    () => atSetup(({ algebra }) => Object.assign((algebra as Tunable).tuning, { gain: 2 })),
    { learner: tunable },
  ],
  ['takes any option', 'refuses bad options with a typed error: makeOf(-1)', /it is not refused/, () => bad({}), { refuses: [() => makeOf(-1)] }],
  [
    'throws what is no HooklineError for bad options',
    'refuses bad options with a typed error: new Array(-1)',
    /it is refused by RangeError/,
    () => bad({}),
    { refuses: [() => new Array(-1)] },
  ],
];

const makeOf = (_: number): Plugin => bad({});

beforeAll(() => void process.setMaxListeners(50));
afterAll(() => void process.setMaxListeners(10));

describe('pluginConformance', () => {
  it('passes a plugin that keeps to the rules', async () => {
    const cycling = definePlugin({
      name: 'cycling',
      options: z.strictObject({ factor: z.number().positive().default(1) }),
      state: { version: 1, schema: z.strictObject({ count: z.int() }), initial: () => ({ count: 0 }) },
      order: () => ({ provides }),
      hooks: ({ factor }, run, state) => ({
        onStep: during('begin', (step) => {
          const { count } = state.get();
          state.set({ count: count + 1 });
          return { ...step, learningRate: factor * rates[count % 5]! * run.random('cycling', step.index, 0), report: { ...step.report, count } };
        }),
      }),
    });
    const checks = pluginConformance(() => cycling(), { refuses: [() => cycling({ factor: -1 }), () => cycling({ facter: 1 } as never)] });
    expect(checks).toHaveLength(16);
    expect(await failuresOf(checks)).toEqual({});
  });

  for (const [what, check, message, make, options] of misbehaviours) {
    it(what, async () => {
      try {
        const failures = await failuresOf(pluginConformance(make, options));
        expect(failures).toEqual({ [check]: expect.stringMatching(message) });
      } finally {
        for (const undo of listeners.splice(0)) undo();
        held.length = 0;
      }
    });
  }

  it('has a plugin that misbehaves for each check', () => {
    const names = pluginConformance(() => bad({})).map(({ name }) => name);
    expect(new Set(misbehaviours.map(([, check]) => check).filter((check) => !check.startsWith('refuses')))).toEqual(new Set(names));
  });
});
