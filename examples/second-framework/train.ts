import { pathToFileURL } from 'node:url';
import { checkpoints, clipGradients, createTrainer, evaluateEvery, linearWarmup, type RunResult, weightAveraging } from '@hookline/core';
import { interruptSignal, metricsFile } from '@hookline/core/node';
import { progressiveLayerDropping } from '@hookline/pld-plugin';
import { jaxTransformer } from './jax-transformer.js';
import { type Sizes, small } from './reversal.js';

interface Training {
  /** Directory of the run; one that is there already is gone on with. */
  readonly run: string;
  readonly steps: number;
  readonly sizes?: Sizes;
  /** Ends the run after the step in progress, with a checkpoint. */
  readonly signal?: AbortSignal;
  readonly print?: (line: string) => void;
}

/** Trains a transformer on jax-js to say rows of tokens backwards, with layer dropping and core's own plugins. */
export async function train({ run, steps, sizes = small, print = console.log, signal }: Training): Promise<RunResult> {
  const learner = jaxTransformer(sizes, { optimizer: { weightDecay: 0.01 } });
  const trainer = createTrainer({
    learner,
    plugins: [
      progressiveLayerDropping({ thetaBar: 0.5 }),
      linearWarmup({ peak: 4e-3, warmup: 0.1 }),
      clipGradients({ norm: 1 }),
      weightAveraging({ decay: 0.98, warmup: true }),
      evaluateEvery({ steps: Math.max(1, Math.floor(steps / 8)) }),
      checkpoints({ every: Math.max(1, Math.floor(steps / 4)), keep: 2 }),
      metricsFile(),
    ],
    steps,
    seed: 1,
    run,
    resume: true,
    ...(signal ? { signal } : {}),
  });
  trainer.on('step', ({ index, loss, active, seconds }) => {
    if (index % 25 === 0)
      print(`step ${index}  loss ${loss.toFixed(4)}  blocks ${active.map((on) => (on ? '█' : '·')).join('')}  ${(1000 * seconds).toFixed(0)} ms`);
  });
  trainer.on('evaluation', ({ step, metrics }) =>
    print(`after ${step} steps: held-out loss ${metrics['loss']?.toFixed(4)}, right ${((metrics['accuracy'] ?? 0) * 100).toFixed(1)} %`),
  );
  try {
    return await trainer.run();
  } finally {
    learner.dispose();
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [run = 'runs/second-framework', steps = '800'] = process.argv.slice(2);
  const signal = interruptSignal();
  await train({ run, steps: Number(steps), signal });
  signal.dispose();
}
