import { definePlugin } from '@hookline/core';
import * as z from 'zod';

const point = z.strictObject({
  /** Training loss, in nats. */
  loss: z.number(),
  /** Of the schedule; 1 where nothing is dropped. */
  theta: z.number(),
  /** For each block, whether it ran. */
  active: z.array(z.boolean()),
  /** Wall-clock time of the step. */
  seconds: z.number(),
});

/** A step of a curve. */
export type Point = z.output<typeof point>;

/** A run's curve, a point a step. */
export const curveSchema = z.array(point);

/** Keeps the curve with the checkpoints: a run that is resumed has the curve of one that was never stopped, and a page can show it before. */
export const curve = definePlugin({
  name: 'curve',
  options: z.strictObject({}),
  state: { version: 1, schema: curveSchema, initial: () => [] },
  hooks: (_, run, state) => {
    run.on('step', ({ loss, report, active, seconds }) => state.set([...state.get(), { loss, theta: report['theta'] ?? 1, active: [...active], seconds }]));
    return {};
  },
});
