import { pathToFileURL } from 'node:url';
import { createTrainer, evaluateEvery, type Plugin, type RunResult } from '@hookline/core';
import { residualMlp, type Vec } from '@hookline/core/testing';

/** Trains a small network without a tensor library, and prints what the plugins report. */
export async function run(plugins: readonly Plugin<Vec>[], print: (line: string) => void = console.log): Promise<RunResult> {
  const learner = residualMlp({ depth: 6 });
  const trainer = createTrainer({ learner, plugins: [...plugins, evaluateEvery({ steps: 50 })], steps: 200, seed: 1, learningRate: 3e-3 });
  trainer.on('step', ({ index, loss, skipped, report }) => {
    const scalars = Object.entries(report).map(([name, value]) => `${name} ${value.toFixed(3)}`);
    if (skipped || index % 20 === 0) print([`step ${index}`, `loss ${loss.toFixed(4)}`, ...(skipped ? ['update skipped'] : []), ...scalars].join('  '));
  });
  trainer.on('evaluation', ({ step, metrics }) => print(`held-out loss after ${step} steps: ${metrics['loss']?.toFixed(4)}`));
  return trainer.run();
}

/** Whether a module is the program that node was started with. */
export const isProgram = (moduleUrl: string): boolean => moduleUrl === pathToFileURL(process.argv[1] ?? '').href;
