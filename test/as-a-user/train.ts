import { bertPretraining } from '@hookline/bert';
import { corpusSets } from '@hookline/bert/node';
import { checkpoints, clipGradients, createTrainer, during, linearWarmup } from '@hookline/core';
import { progressiveLayerDropping } from '@hookline/pld-plugin';

const data = await corpusSets({ source: 'texts', vocabSize: 500, sequenceLength: 64, batchSize: 8, nextSentence: true });

const trainer = createTrainer({
  learner: await bertPretraining({ size: 'tiny', data, objective: ['mlm', 'nsp'] }),
  plugins: [
    progressiveLayerDropping({ thetaBar: 0.5 }),
    linearWarmup({ peak: 1e-3, warmup: 0.1 }),
    clipGradients({ norm: 1 }),
    checkpoints({ every: 100 }),
    { name: 'my-plugin', onStep: during('gradients', (step) => (step.gradients.norm() > 50 ? { ...step, skipUpdate: true } : step)) },
  ],
  steps: 20,
  seed: 1,
  run: 'runs/first',
});

for await (const { index, loss, activeBlocks } of trainer.events('step')) console.log(index, loss.toFixed(3), activeBlocks);
