import { expect, it } from 'vitest';
import { type StudyOptions, settingOf, studyCells } from './cells.js';

const options: StudyOptions = {
  tasks: ['RTE', 'cola'],
  checkpoints: { postln: 'models/a', preln: 'runs/b' },
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

it('refuses what it does not know', () => {
  expect(() => studyCells({ ...options, tasks: ['rtf'] })).toThrow(/no GLUE task 'rtf'/);
  expect(() => studyCells({ ...options, methods: ['pdl' as never] })).toThrow(/there is no method 'pdl'; did you mean 'pld'/);
  expect(() => studyCells({ ...options, methods: ['pld=2'] })).toThrow(/'pld=2' has no strength from 0 to 1/);
  expect(() => studyCells({ ...options, methods: ['none=0.5' as never] })).toThrow(/'none' drops nothing/);
  expect(() => studyCells({ ...options, checkpoints: {} })).toThrow(/needs a checkpoint/);
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
