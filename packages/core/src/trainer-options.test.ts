import { expect, test } from 'vitest';
import type { Plugin } from './plugin.js';
import { residualMlp } from './testing/index.js';
import { createTrainer } from './trainer.js';

const rate = { learningRate: 0.01, seed: 1 };

test('epochs are counted in batches', () => {
  const total = (batch: number, epochs: number, microBatches: number) =>
    createTrainer({ learner: residualMlp({ rows: 36, batch }), epochs, plugins: [{ name: 'accumulate', accumulation: microBatches }], ...rate }).total;
  expect([total(6, 2, 1), total(6, 2, 4), total(6, 0.5, 1), total(5, 1, 3)]).toEqual([12, 3, 3, 3]);
});

test.each<[object, string]>([
  [{ steps: 0 }, "option 'steps'"],
  [{ steps: undefined }, 'give a length'],
  [{ epochs: 2 }, 'give a length'],
  [{ step: 3 }, "no option 'step'; did you mean 'steps'?"],
  [{ seed: 1.5 }, "option 'seed'"],
  [{ learningRate: Number.NaN }, "option 'learningRate'"],
  [{ plugins: [3] }, "option 'plugins[0]': must be a plugin"],
  [{ plugins: [undefined] }, "option 'plugins[0]': must be a plugin: { name, … }"],
  [{ store: { save: () => {} } }, "option 'store': must be a checkpoint store: { save, load }"],
  [{ store: null }, "option 'store': must be a checkpoint store"],
  [{ signal: new AbortController() }, "option 'signal': must be an AbortSignal, e.g. controller.signal"],
  [{ resume: true }, 'there is nowhere to resume from'],
])('createTrainer refuses %j', (change, words) => {
  const create = () => createTrainer({ learner: residualMlp(), steps: 1, ...rate, ...change } as never);
  expect(create).toThrow(words);
  expect(create).toThrow(expect.objectContaining({ code: 'HOOKLINE_OPTIONS' }));
});

test.each<[unknown, string, string]>([
  [{ name: '' }, 'SHAPE', "plugin ''"],
  [{ name: 'p', accumulation: 0 }, 'SHAPE', "plugin 'p': option 'accumulation'"],
  [{ name: 'p', onStep: {} }, 'SHAPE', "plugin 'p': option 'onStep': must be an RxJS operator"],
  [{ name: 'p', provide: ['x'] }, 'SHAPE', "plugin 'p' has 'provide', which means nothing; did you mean 'provides'?"],
  [{ name: 'p', retention: { keep: 1 } }, 'CONFLICT', "plugins 'retain' and 'p' both say which checkpoints are kept"],
])('a plugin %j is refused', (plugin, code, words) => {
  const create = () => createTrainer({ learner: residualMlp(), steps: 1, ...rate, plugins: [{ name: 'retain', retention: { keep: 2 } }, plugin as Plugin] });
  expect(create).toThrow(words);
  expect(create).toThrow(expect.objectContaining({ code: `HOOKLINE_PLUGIN_${code}` }));
});

test('a plugin that plans gates is refused where there is no block to close', () => {
  const learner = { ...residualMlp(), blocks: [] };
  const create = (plugin: Plugin) => createTrainer({ learner, steps: 1, ...rate, plugins: [plugin] });
  expect(() => create({ name: 'dropping', provides: ['gating'] })).toThrow(
    expect.objectContaining({ code: 'HOOKLINE_GATES', message: expect.stringContaining("plugin 'dropping' plans gates, and the learner has no block") }),
  );
  expect(create({ name: 'other', provides: ['clipping'] }).plan()).toEqual(['other']);
});
