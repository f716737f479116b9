import { map, scan } from 'rxjs';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { definePlugin } from '../define-plugin.js';
import type { StepEvent } from '../events.js';
import { mergeGates } from '../gates.js';
import { during } from '../hooks/during.js';
import type { Plugin } from '../plugin.js';
import { resumeConformance } from './resume-conformance.js';

const rates = [0.01, 0.002, 0.03, 0.004, 0.05];

/** Drops blocks at random, by keyed draws. */
const dropping: Plugin = {
  name: 'dropping',
  setup: (run) => ({
    onStep: during('begin', (step) => {
      const plan = step.gates.map((gate, i) => ({ ...gate, active: run.random('drop', step.index, i) < 0.6, gain: 1.5 }));
      return { ...step, gates: mergeGates(step.gates, plan) };
    }),
  }),
};

/** Cycles through rates by a count of its own. */
const cycling = definePlugin({
  name: 'cycling',
  options: z.strictObject({}),
  state: { version: 1, schema: z.strictObject({ count: z.int() }), initial: () => ({ count: 0 }) },
  hooks: (_, __, state) => ({
    onStep: during('begin', (step) => {
      const { count } = state.get();
      state.set({ count: count + 1 });
      return { ...step, learningRate: rates[count % 5]! };
    }),
  }),
});

const averaging: Plugin = {
  name: 'averaging',
  setup: ({ weights }) => ({
    onStep: during('end', (step) => {
      if (weights.has('ema')) weights.lerp('ema', 0.1);
      else weights.copy('ema');
      return step;
    }),
    onEval: during('evalBegin', (evaluation) => ({ ...evaluation, weights: 'ema' })),
  }),
};

test('dropping, accumulation, averaging, dropout and a state in its cell resume bit for bit after every step', async () => {
  const plugins = () => [dropping, cycling(), averaging, { name: 'accumulate', accumulation: 3 }];
  const report = await resumeConformance({ plugins });
  expect(report.kills.map((kill) => kill.resumedAt)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
});

test.each<[string, () => Plugin]>([
  [
    'scan',
    () => ({
      name: 'scan-state',
      onStep: (source) =>
        source.pipe(
          scan<StepEvent, { n: number; event: StepEvent }, undefined>((state, event) => ({ n: (state?.n ?? 0) + 1, event }), undefined),
          map(({ n, event }) => (event.phase === 'begin' ? { ...event, learningRate: rates[n % 5]! } : event)),
        ),
    }),
  ],
  [
    'a closure',
    () => {
      let n = 0;
      return { name: 'closure-state', onStep: during('begin', (step) => ({ ...step, learningRate: rates[n++ % 5]! })) };
    },
  ],
  ['a generator without a key', () => ({ name: 'unkeyed', onStep: during('begin', (step) => ({ ...step, learningRate: Math.random() * 0.01 })) })],
  [
    'a cell that a file would not keep',
    () => ({
      name: 'undefined-state',
      state: { version: 1, schema: z.unknown(), initial: () => ({ a: 1, b: undefined }) },
      setup: (_, state) => ({ onStep: during('begin', (step) => ({ ...step, learningRate: 'b' in state.get() ? 0.01 : 0.02 })) }),
    }),
  ],
])('a state that lives in %s is found out', async (_, plugin) => {
  await expect(resumeConformance({ plugins: () => [plugin()] })).rejects.toThrow(expect.objectContaining({ code: 'HOOKLINE_RESUME' }));
});
