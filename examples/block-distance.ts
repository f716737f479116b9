import { during, eachBlock, type Plugin } from '@hookline/core';
import { isProgram, run } from './run.js';

/** Reports how far each block turns its input: 1 − cosine of input and output. Near 0, the block does little; dropped blocks say nothing. */
export const blockDistance = (every: number): Plugin => ({
  name: 'block-distance',
  setup: ({ algebra }) => {
    let seen: Record<string, number> = {}; // for show, so it needs no cell
    return {
      onForwardBlock: eachBlock((call) => {
        if (call.phase === 'leave' && call.mode === 'train' && call.gate.active && call.step % every === 0)
          seen[`distance.${call.name}`] = 1 - algebra.dot(call.input, call.output) / (algebra.norm(call.input) * algebra.norm(call.output));
        return call;
      }),
      onStep: during('end', (step) => {
        const report = { ...step.report, ...seen };
        seen = {};
        return { ...step, report };
      }),
    };
  },
});

if (isProgram(import.meta.url)) await run([blockDistance(20)]);
