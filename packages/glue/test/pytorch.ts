import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createTrainer, during } from '@hookline/core';
import type { EngineName } from '@hookline/tfjs';
import { openBlock } from '@hookline/tfjs';
import { glueFineTuning, readFineTuningSets, readForFineTuning } from '../src/node/glue-fine-tuning.js';
import { glueTask } from '../src/tasks/glue-tasks.js';

/** What lies beside a developer's checkout, and is not the project's: PyTorch's figures, GLUE's files, and the weights that they begin with. */
const shared = join(import.meta.dirname, '..', '..', '..', '..', 'shared');
const oracleFile = join(shared, 'oracles', 'baseline', 'finetune_trajectory.json');
const glue = join(shared, 'data', 'glue');
const weights = process.env['HOOKLINE_MINILM'] ?? '';

/** Whether all of it is there. */
export const present = [oracleFile, glue, weights].every((path) => existsSync(path));

interface Figures {
  readonly losses: readonly number[];
  readonly gradientNormBeforeClip: readonly number[];
  readonly devLogits: readonly (readonly number[])[];
}
interface Oracle {
  readonly recipe: { readonly lrPerStep: readonly number[] };
  readonly tasks: Readonly<Record<string, Figures>>;
}

const worst = (differences: readonly number[]): number => Math.max(0, ...differences.map(Math.abs));

/**
 * Fine-tunes MiniLM as PyTorch did: no dropout, the given head, rates, and batches in the order of the file. Answers with the largest deviations of the losses,
 * and, after all fifty steps, of the first 32 dev examples' logits.
 */
export async function followPyTorch(name: string, engine: EngineName, steps: number): Promise<{ readonly loss: number; readonly logits: number }> {
  const oracle = JSON.parse(readFileSync(oracleFile, 'utf8')) as Oracle;
  const expected = oracle.tasks[name]!;
  const task = glueTask(name);
  const model = await readForFineTuning(weights);
  const { train, evaluation } = await readFineTuningSets(name, glue);
  const rows = task.target.kind === 'number' ? 1 : 2;
  const width = model.config.hiddenSize;
  const head = {
    'classifier.weight': { shape: [rows, width], data: Float32Array.from({ length: rows * width }, (_, i) => 0.02 * Math.sin(1 + i)) },
    'classifier.bias': { shape: [rows], data: new Float32Array(rows) },
  };
  const learner = await glueFineTuning({
    task,
    checkpoint: { ...model, tensors: { ...model.tensors, ...head } },
    data: { train: { ...train, examples: train.examples.slice(0, 16 * oracle.recipe.lrPerStep.length) }, evaluation: {} },
    batchSize: 16,
    maxLength: 128,
    dropout: 0,
    shuffle: false,
    engine,
  });
  const rates = { name: 'rates', onStep: during('begin', (step) => ({ ...step, learningRate: oracle.recipe.lrPerStep[step.index]! })) };
  const trainer = createTrainer({ learner, plugins: [rates], steps });
  const losses: number[] = [];
  trainer.on('step', ({ loss }) => void losses.push(loss));
  await trainer.run();
  const whole = steps === oracle.recipe.lrPerStep.length;
  const predictions = whole ? await learner.predict(evaluation['dev']!.examples.slice(0, 32), openBlock) : [];
  learner.dispose();
  return {
    loss: losses.length === steps ? worst(losses.map((loss, i) => loss - expected.losses[i]!)) : Number.NaN,
    logits: worst(predictions.flatMap(({ logits }, i) => logits.map((logit, c) => logit - expected.devLogits[i]![c]!))),
  };
}
