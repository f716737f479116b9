import { checkpoints, createTrainer } from '@hookline/core';
import { indexedDbStore } from '@hookline/core/browser';
import { residualMlp } from '@hookline/core/testing';

const trainer = createTrainer({
  learner: residualMlp(),
  plugins: [checkpoints({ every: 25 })],
  steps: 300,
  learningRate: 0.01,
  store: indexedDbStore({ name: 'first', keep: 2 }), // or run: 'first', which keeps them in the same place
  resume: true,
});

await trainer.run();
