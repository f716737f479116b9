/** TensorBoard itself reads what the plugin writes. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { checkpoints, createTrainer, during, type Plugin } from '../src/index.js';
import { metricsFile, readMetrics, tensorBoard } from '../src/node/index.js';
import { residualMlp } from '../src/testing/index.js';

/** A Python that has the package `tensorboard`. */
const python = process.env['HOOKLINE_TENSORBOARD'];

const directory = mkdtempSync(join(tmpdir(), 'hookline-tensorboard-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const requests: Plugin = {
  name: 'requests',
  onStep: during('end', (step) => ({ ...step, report: { theta: 1 / (1 + step.index), 'distance.block.0': step.index }, evaluate: ['dev'] })),
};

/** Leaves after a step as a killed process would: what was written since the last checkpoint stays. */
async function train(killAfter: number): Promise<void> {
  const plugins = [requests, checkpoints({ every: 3 }), metricsFile(), tensorBoard({ texts: { config: '# a *configuration*, ß' } })];
  const trainer = createTrainer({ learner: residualMlp(), plugins, steps: 9, learningRate: 0.01, run: directory, resume: true });
  for await (const { index } of trainer.events('step')) {
    if (index === killAfter) break;
  }
}

it.skipIf(!python)(
  'reads back every scalar of a run that was resumed, once, and its texts',
  async () => {
    await train(4);
    await train(9);
    const read = JSON.parse(execFileSync(python!, [join(import.meta.dirname, 'read_events.py'), join(directory, 'tensorboard')], { encoding: 'utf8' }));
    const lines = await readMetrics(join(directory, 'metrics.jsonl'));
    const steps = lines.flatMap((line) => (line.event === 'step' ? [line] : []));
    const evaluations = lines.flatMap((line) => (line.event === 'evaluation' ? [line] : []));
    const expected = {
      'train/loss': steps.map((line) => line.loss),
      'train/loss.masked': steps.map((line) => line.losses['masked']),
      'train/learningRate': steps.map((line) => line.learningRate),
      'train/activeBlocks': steps.map((line) => line.activeBlocks),
      'report/theta': steps.map((line) => line.report['theta']),
      'distance/block.0': steps.map((line) => line.report['distance.block.0']),
      'eval/dev/loss': evaluations.map((line) => line.metrics['loss']),
    };
    for (const [tag, values] of Object.entries(expected)) expect(read.scalars[tag], tag).toEqual(values.map((value, i) => [i + 1, Math.fround(value!)]));
    expect(read.texts).toEqual({ config: '# a *configuration*, ß' });
  },
  60_000,
);
