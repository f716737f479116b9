import { createTrainer } from '@hookline/core';
import { residualMlp } from '@hookline/core/testing';
import { expectedSaving, progressiveLayerDropping } from '@hookline/pld-plugin';

const learner = residualMlp({ depth: 12 });
console.log(expectedSaving({ thetaBar: 0.5 }, { blocks: learner.blocks, steps: 200 })); // 0.267
const trainer = createTrainer({ learner, plugins: [progressiveLayerDropping({ thetaBar: 0.5 })], steps: 200, seed: 1, learningRate: 1e-3 });
for await (const step of trainer.events('step')) console.log(step.loss, step.report.theta, step.activeBlocks);
