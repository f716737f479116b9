import { checkpoints, clipGradients, createTrainer, evaluateEvery, linearWarmup, weightAveraging } from '@hookline/core';
import { consoleProgress, interruptSignal, metricsFile } from '@hookline/core/node';
import { residualMlp } from '@hookline/core/testing';

const signal = interruptSignal(() => console.error('stopping after this step; once more: at once'));
const trainer = createTrainer({
  learner: residualMlp(), // or bertPretraining(…) of @hookline/bert, or a learner of your own
  plugins: [
    linearWarmup({ peak: 1e-2, warmup: 0.1 }),
    clipGradients({ norm: 1 }),
    weightAveraging({ decay: 0.99 }),
    evaluateEvery({ steps: 0.1 }),
    checkpoints({ every: 50, keep: 2, best: { set: 'dev', metric: 'loss', mode: 'min' } }),
    metricsFile(),
    consoleProgress(),
  ],
  steps: 200,
  seed: 1,
  run: 'runs/first',
  resume: true,
  signal,
});
console.log(trainer.plan().join(' → '));
const { steps, stopped, metrics } = await trainer.run();
console.log(steps, stopped ?? 'done', metrics['dev']);
signal.dispose();
