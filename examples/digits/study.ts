import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { createTrainer, evaluateEvery, type Plugin } from '@hookline/core';
import { type Recording, recordRun, renderReport } from '@hookline/lab';
import { progressiveLayerDropping, stochasticDepth } from '@hookline/pld-plugin';
import { loadEngine } from '@hookline/tfjs';
import { digits } from './digits.js';
import { type ImageModel, models } from './models.js';
import { reportOf, type TrainedRun, tableOf, warmUp } from './report.js';

const { values } = parseArgs({
  options: {
    model: { type: 'string', default: 'vision-transformer' },
    seeds: { type: 'string', default: '3' },
    epochs: { type: 'string', default: '4' },
    images: { type: 'string', default: '10000' },
    out: { type: 'string' },
  },
});
const model: ImageModel | undefined = models[values.model as keyof typeof models];
if (!model) throw new Error(`there is no model '${values.model}'; there are: ${Object.keys(models).join(', ')}`);

const methods: Readonly<Record<string, () => readonly Plugin[]>> = {
  dense: () => [],
  'progressive layer dropping': () => [progressiveLayerDropping({ thetaBar: 0.5 })],
  'stochastic depth': () => [stochasticDepth({ finalSurvival: 0.5 })],
};

const engine = await loadEngine('auto');
const data = digits(Number(values.images));
const runs: TrainedRun[] = [];
for (let seed = 1; seed <= Number(values.seeds); seed++) {
  for (const [method, plugins] of Object.entries(methods)) {
    const learner = model.learner(data, seed);
    const epoch = learner.data.batchesPerEpoch;
    const trainer = createTrainer({
      learner,
      plugins: [...plugins(), ...model.plugins(), evaluateEvery({ steps: epoch })],
      epochs: Number(values.epochs),
      seed,
    });
    const recording: Recording = recordRun(trainer, { set: 'test', metric: 'loss' });
    let processorSeconds = 0;
    let mark = process.cpuUsage();
    trainer.on('step', ({ index }) => {
      const { user, system } = process.cpuUsage(mark);
      if (index >= warmUp) processorSeconds += (user + system) / 1e6;
      mark = process.cpuUsage();
    });
    trainer.on('evaluation', () => {
      mark = process.cpuUsage();
    });
    const { metrics } = await trainer.run();
    learner.dispose();
    const run = { method, seed, accuracy: metrics['test']![model.accuracy]!, recording, processorSeconds };
    runs.push(run);
    console.log(
      `${method}, seed ${seed}: accuracy ${run.accuracy.toFixed(4)}, ${recording.seconds.toFixed(1)} s of training, ${processorSeconds.toFixed(1)} s of the processors`,
    );
  }
}

const table = tableOf(runs);
for (const row of [table.columns, ...table.rows]) console.log(`| ${row.join(' | ')} |`);
if (values.out !== undefined) {
  mkdirSync(dirname(values.out), { recursive: true });
  writeFileSync(values.out, await renderReport(reportOf(model.title, runs, { table, engine, epochs: values.epochs, images: values.images })));
  console.log(`report: ${values.out}`);
}
