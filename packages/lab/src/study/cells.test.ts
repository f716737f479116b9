import { expect, it } from 'vitest';
import { type StudyOptions, settingOf, studyCells } from './cells.js';

const options: StudyOptions = {
  tasks: ['RTE', 'cola'],
  checkpoints: [
    { name: 'postln', path: 'models/a' },
    { name: 'preln', path: 'runs/b' },
  ],
  methods: ['none', 'pld', 'none-x3'],
  seeds: 2,
  data: 'data/glue',
};

it('trains each checkpoint dense and each method on the first, once each, seed by seed', () => {
  const cells = studyCells(options);
  expect(cells.map(({ name }) => name).slice(0, 5)).toEqual([
    'rte/postln/none/seed-0',
    'rte/preln/none/seed-0',
    'rte/postln/pld/seed-0',
    'rte/postln/none-x3/seed-0',
    'cola/postln/none/seed-0',
  ]);
  expect(new Set(cells.map(({ name }) => name)).size).toBe(cells.length);
  expect(cells).toHaveLength(2 * 2 * 4);
});

it('keeps the axes apart', () => {
  const settings = (axis: 'checkpoints' | 'methods') => [...new Set(studyCells(options).flatMap((cell) => settingOf(cell, axis, options) ?? []))];
  expect(settings('checkpoints')).toEqual(['postln', 'preln']);
  expect(settings('methods')).toEqual(['none', 'pld', 'none-x3']);
});

it('drops in the methods alone, and trains the long one three times as long', () => {
  const of = (method: string) => studyCells(options).find((cell) => cell.method === method)!.config;
  expect([of('none').epochs, of('none-x3').epochs, of('pld').epochs]).toEqual([3, 9, 3]);
  expect([of('none').pld, of('pld').pld?.thetaBar, of('none-x3').pld]).toEqual([undefined, 0.9, undefined]);
});

const named = (...names: readonly string[]) => names.map((name) => ({ name, path: 'models/a' }));

it.each([
  [{ tasks: ['rtf'] }, /no GLUE task 'rtf'/],
  [{ tasks: ['ax'] }, /AX has no training set/],
  [{ tasks: [] }, /needs a task/],
  [{ methods: ['pdl' as never] }, /there is no method 'pdl'; did you mean 'pld'/],
  [{ methods: ['pld=2'] }, /'pld=2' has no strength from 0 to 1/],
  [{ methods: ['none=0.5' as never] }, /'none' drops nothing/],
  [{ checkpoints: [] }, /needs a checkpoint/],
  [{ checkpoints: named('..') }, /'\.\.' cannot be a checkpoint's name/],
  [{ checkpoints: named('a/b') }, /'a\/b' cannot be a checkpoint's name/],
  [{ seeds: 0 }, /cannot have 0 seeds/],
  [{ epochs: 0 }, /study: option 'epochs'/],
  [{ learningRates: [0] }, /study: option 'learningRate\.peak'/],
  [{ allow: ['everything'] as never }, /study: option 'allow\[0\]'/],
] as const)('refuses %o', (wrong, message) => {
  expect(() => studyCells({ ...options, ...wrong })).toThrow(message);
});

it.each([
  [{ tasks: ['rte', 'RTE'] }, /the task 'rte' is there twice/],
  [{ methods: ['none-x3', 'none-x3'] }, /the method 'none-x3' is there twice/],
  [{ methods: ['pld=0.5', 'pld=0.50' as never] }, /the method 'pld=0.5' is there twice/],
  [{ methods: ['pld', 'pld=0.9'] }, /the method 'pld' and 'pld=0.9' are the same/],
  [{ learningRates: [2e-5, 2e-5] }, /the rate 0.00002 is there twice/],
  [{ checkpoints: named('a', 'b', 'A') }, /the checkpoint 'a' and 'A' are the same/],
] as const)('refuses %o, which would count as more seeds', (twice, message) => {
  expect(() => studyCells({ ...options, ...twice })).toThrow(message);
});

it('tries the methods on the checkpoint that is named first, also where names are numbers', () => {
  const cells = studyCells({ ...options, checkpoints: named('2', '1'), methods: ['pld'] });
  expect(cells.find(({ method }) => method === 'pld')!.checkpoint).toBe('2');
});

it('lets weights differ as it is told, and by nothing otherwise', () => {
  expect(studyCells({ ...options, allow: ['vocabulary'] })[0]!.config.allow).toEqual(['vocabulary']);
  expect(studyCells(options)[0]!.config.allow).toEqual([]);
});

it('takes strengths by method, and rates in tables of their own', () => {
  const cells = studyCells({ ...options, tasks: ['rte'], methods: ['none', 'pld', 'pld=0.5', 'layerdrop=0.2'], learningRates: [2e-5, 5e-5], seeds: 1 });
  expect(cells.map(({ name }) => name)).toEqual(
    [2e-5, 5e-5].flatMap((rate) =>
      ['postln/none', 'preln/none', 'postln/pld', 'postln/pld-0.5', 'postln/layerdrop-0.2'].map((one) => `rte/${one}/rate-${rate}/seed-0`),
    ),
  );
  expect(cells.map(({ config }) => config.learningRate.peak).slice(4, 6)).toEqual([2e-5, 5e-5]);
  expect(cells.slice(2, 5).map(({ config: { pld, layerDrop } }) => pld?.thetaBar ?? layerDrop?.p)).toEqual([0.9, 0.5, 0.2]);
});
