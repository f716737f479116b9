import { expect, it } from 'vitest';
import { driven } from '../../test/plugin-run.js';
import { accumulateGradients } from './accumulate-gradients.js';

it('states the micro-batches of a step and does nothing else', () => {
  const plugin = accumulateGradients({ microBatches: 4 });
  expect(plugin.accumulation).toBe(4);
  const { onStep, onEval, onForwardBlock } = driven(plugin).hooks;
  expect([onStep, onEval, onForwardBlock]).toEqual([undefined, undefined, undefined]);
});

it.each([0, 1.5, -1])('refuses %d micro-batches', (microBatches) => {
  expect(() => accumulateGradients({ microBatches })).toThrow(expect.objectContaining({ code: 'HOOKLINE_OPTIONS' }));
});
