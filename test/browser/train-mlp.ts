import { checkpoints, clipGradients, createTrainer, linearWarmup, weightAveraging } from '@hookline/core';
import { residualMlp } from '@hookline/core/testing';
import { progressiveLayerDropping } from '@hookline/pld-plugin';

/** A run of 20 steps with layer dropping and no tensor library, under a name. Answers with the losses of the steps that were run. */
export async function trainMlp(run?: string, stopAfter = 20): Promise<number[]> {
  const stop = new AbortController();
  const losses: number[] = [];
  const plugins = [progressiveLayerDropping({ thetaBar: 0.5 }), linearWarmup({ peak: 0.01 }), clipGradients({ norm: 1 }), weightAveraging({ decay: 0.9 })];
  const options = { learner: residualMlp(), steps: 20, seed: 4, signal: stop.signal };
  const trainer =
    run === undefined
      ? createTrainer({ ...options, plugins })
      : createTrainer({ ...options, plugins: [...plugins, checkpoints({ every: 5, keep: 2 })], run, resume: true });
  trainer.on('step', ({ index, loss }) => {
    losses.push(loss);
    if (index + 1 === stopAfter) stop.abort();
  });
  await trainer.run();
  return losses;
}
