import { expect, test } from 'vitest';
import * as z from 'zod';
import { definePlugin } from './define-plugin.js';
import { HooklineError } from './errors.js';

const schedule = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('step'), drops: z.array(z.number()) }),
  z.strictObject({ type: z.literal('flat') }),
]);
const sample = definePlugin({
  name: 'sample',
  options: z.strictObject({
    thetaBar: z.number().gt(0).max(1).default(0.5),
    schedule: schedule.optional(),
    inner: z.strictObject({ warmupSteps: z.int() }).optional(),
    length: z.union([z.int().min(1), z.number().min(0).lt(1)]).optional(),
  }),
  order: (options) => ({ provides: [`theta-${options.thetaBar}`], stage: 5 }),
  hooks: () => ({}),
});

test('options are parsed at the call, defaults filled in, and reach the order', () => {
  expect(sample()).toMatchObject({ name: 'sample', stage: 5, provides: ['theta-0.5'] });
  expect(sample({ thetaBar: 0.25 })).toMatchObject({ provides: ['theta-0.25'] });
  expect(sample.pluginName).toBe('sample');
});

test.each<[unknown, ...string[]]>([
  [{ thetaBar: 3 }, 'thetaBar', '<=1', '(is 3)'],
  [{ thetabar: 0.5 }, "no option 'thetabar'", "did you mean 'thetaBar'?"],
  [{ qqqqqqqq: 1 }, "no option 'qqqqqqqq'", 'there are: thetaBar, schedule, inner, length'],
  [{ inner: { warmUpStep: 1 } }, "no option 'inner.warmUpStep'", "did you mean 'warmupSteps'?"],
  [{ inner: { warmupSteps: '1' } }, "option 'inner.warmupSteps'", 'expected number'],
  [{ schedule: { type: 'step', drops: [1, 'x'] } }, "option 'schedule.drops[1]'", 'expected number', '(is "x")'],
  [{ schedule: { type: 'flat', drop: [] } }, "no option 'schedule.drop'", "did you mean 'drops'?"],
  [{ schedule: { type: 'stepp' } }, "option 'schedule.type'"],
  [{ length: -1 }, "option 'length'", '(is -1)'],
  [null, "option 'options'", 'expected object'],
])('options %j are refused by name', (options, ...texts) => {
  const call = () => (sample as (options: unknown) => unknown)(options === null ? 7 : options);
  expect(call).toThrow(HooklineError);
  for (const text of ["plugin 'sample'", ...texts]) expect(call).toThrow(text);
  expect(call).toThrow(expect.objectContaining({ code: 'HOOKLINE_OPTIONS' }));
});
