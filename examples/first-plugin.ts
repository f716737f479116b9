import { during, type Plugin } from '@hookline/core';
import { isProgram, run } from './run.js';

/** Trains with a learning rate that halves every `period` steps. */
export const halving = (peak: number, period: number): Plugin => ({
  name: 'halving',
  provides: ['learning-rate'],
  onStep: during('begin', (step) => ({ ...step, learningRate: peak * 0.5 ** Math.floor(step.index / period) })),
});

if (isProgram(import.meta.url)) await run([halving(0.01, 50)]);
