import * as z from 'zod';
import { parseOptions } from '../parse.js';
import { lengthInSteps, lengthSchema, periodInSteps, positiveLengthSchema } from './length.js';

const rate = z.number().nonnegative();

const common = {
  /** The greatest rate, reached at the end of the warm-up. */
  peak: z.number().positive(),
  /** Length of the linear warm-up, in steps or as a fraction of the run; default 0. */
  warmup: lengthSchema.default(0),
  /** What the first step of a warm-up has: a share of the peak (`'share'`, the default) or a rate of 0 (`'zero'`, as Hugging Face's schedules). */
  warmupStart: z.enum(['share', 'zero']).default('share'),
};

/** The rate that a decay would reach after the last step; default 0. */
const end = rate.default(0);

const schedules = z.discriminatedUnion('schedule', [
  z.strictObject({ schedule: z.literal('constant'), ...common }),
  z.strictObject({ schedule: z.literal('linear'), ...common, end }),
  z.strictObject({ schedule: z.literal('cosine'), ...common, end }),
  z.strictObject({ schedule: z.literal('polynomial'), ...common, end, /** Default 2. */ power: z.number().positive().default(2) }),
  z.strictObject({
    schedule: z.literal('step'),
    ...common,
    /** Length between two falls, counted from the end of the warm-up. */
    every: positiveLengthSchema,
    /** What the rate is multiplied by at each fall; default 0.1. */
    factor: z.number().positive().max(1).default(0.1),
    /** The rate never falls below; default 0. */
    floor: rate.default(0),
  }),
]);

/** Options of a schedule; no rate lies above the peak. */
export const rateSchema = schedules.refine(
  (schedule) => ('end' in schedule ? schedule.end : 0) <= schedule.peak && ('floor' in schedule ? schedule.floor : 0) <= schedule.peak,
  'a rate lies above the peak',
);

/** Options of a schedule as a user gives them. */
export type RateOptions = z.input<typeof rateSchema>;
type Schedule = z.output<typeof rateSchema>;

const { max, min, PI, cos, floor } = Math;

/** The rate once the warm-up is over, with `since` steps completed after it out of `length`. */
function decayed(schedule: Schedule, since: number, length: number, total: number): number {
  const { peak } = schedule;
  if (schedule.schedule === 'constant') return peak;
  if (schedule.schedule === 'step') return max(schedule.floor, peak * schedule.factor ** floor(since / periodInSteps(schedule.every, total)));
  const { end: last } = schedule;
  const remaining = max(0, length - since) / max(1, length);
  if (schedule.schedule === 'linear') return last + (peak - last) * remaining;
  if (schedule.schedule === 'polynomial') return last + (peak - last) * remaining ** schedule.power;
  return last + (peak - last) * (0.5 * (1 + cos(PI * min(1, since / max(1, length)))));
}

/** `rateAt` for options that are checked already. */
export function scheduledRate(schedule: Schedule, step: number, total: number): number {
  const warmup = lengthInSteps(schedule.warmup, total);
  if (step < warmup) return schedule.peak * ((schedule.warmupStart === 'zero' ? step : step + 1) / warmup);
  return decayed(schedule, step - warmup, total - warmup, total);
}

/**
 * The learning rate of a step: a pure function.
 *
 * With i steps completed before this one, W steps of warm-up and T of the run:
 *
 * - i < W: `peak · (i + 1) / W`, or `peak · i / W` with `warmupStart: 'zero'`
 * - then, with r = (T − i) / (T − W) of the decay remaining:
 *   constant `peak`; linear `end + (peak − end) · r`; polynomial `end + (peak − end) · r^power`;
 *   cosine `end + (peak − end) · (1 + cos(π · (1 − r))) / 2`; step `max(floor, peak · factor^⌊(i − W) / every⌋)`
 *
 * By default every step trains: the first has a share of the peak, and the last has still one step of the decay to go, so that
 * `end` would be the rate after it. With `warmupStart: 'zero'`, linear, cosine, constant and polynomial are
 * `get_linear_schedule_with_warmup`, `get_cosine_…`, `get_constant_…` and `get_polynomial_decay_schedule_with_warmup` of Hugging Face's
 * transformers, whose first step has rate 0 and changes nothing.
 *
 * Peak 1, W = 2, T = 6:
 *
 * | step | 0 | 1 | 2 | 3 | 4 | 5 |
 * |---|---|---|---|---|---|---|
 * | linear | 0.5 | 1 | 1 | 0.75 | 0.5 | 0.25 |
 * | linear, `'zero'` | 0 | 0.5 | 1 | 0.75 | 0.5 | 0.25 |
 * | cosine | 0.5 | 1 | 1 | 0.853553 | 0.5 | 0.146447 |
 * | polynomial, power 2 | 0.5 | 1 | 1 | 0.5625 | 0.25 | 0.0625 |
 * | step, every 2, factor 0.1 | 0.5 | 1 | 1 | 1 | 0.1 | 0.1 |
 *
 * @param step optimizer steps completed before this one, from 0
 * @param total optimizer steps of the run
 * @throws HooklineError `HOOKLINE_OPTIONS`
 */
export const rateAt = (options: RateOptions, step: number, total: number): number => scheduledRate(parseOptions('rateAt', rateSchema, options), step, total);
