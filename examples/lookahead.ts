import { definePlugin, during } from '@hookline/core';
import { pipe } from 'rxjs';
import * as z from 'zod';
import { isProgram, run } from './run.js';

/** Lookahead (Zhang et al. 2019, arXiv 1907.08610): every few steps slow weights move a part of the way to the trained ones, which go on from there. */
export const lookahead = definePlugin({
  name: 'lookahead',
  options: z.strictObject({ every: z.int().min(1).default(5), alpha: z.number().gt(0).max(1).default(0.5) }),
  hooks: ({ every, alpha }, { weights }) => ({
    onStep: pipe(
      during('begin', (step) => {
        if (!weights.has('slow')) weights.copy('slow'); // slots are in the checkpoint: no cell is needed
        return step;
      }),
      during('end', (step) => {
        if ((step.index + 1) % every === 0) {
          weights.lerp('slow', alpha);
          weights.restore('slow');
        }
        return step;
      }),
    ),
  }),
});

if (isProgram(import.meta.url)) await run([lookahead()]);
