import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkpointWeights } from '@hookline/bert';
import { readPretrained } from '@hookline/bert/node';
import type { Tensors } from '@hookline/core';
import { readCheckpoint } from '@hookline/core/node';
import { readForFineTuning } from '@hookline/glue/node';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { finetuneConfig } from '../finetune/config.js';
import { finetune } from '../finetune/finetune.js';
import { evaluateRuns } from '../finetune/predict.js';
import { pretrainConfig } from '../pretrain/config.js';
import { pretrain } from '../pretrain/pretrain.js';
import { readCheckpoint as readStart } from '../pretrain/pretrained.js';
import { readEvaluated } from './read-evaluated.js';

let directory = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'hookline-evaluated-'));
  writeFileSync(
    join(directory, 'corpus.txt'),
    Array.from({ length: 30 }, (_, i) => `word${i % 7} and word${i % 5} are here .\nthen word${i % 3} is .`).join('\n\n'),
  );
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const run = async (name: string, scaling: 'evaluation' | 'inverted'): Promise<string> => {
  const config = pretrainConfig.parse({
    corpus: { source: join(directory, 'corpus.txt'), heldOut: 0.2 },
    vocabulary: { size: 130 },
    model: { numHiddenLayers: 2, hiddenSize: 8, numAttentionHeads: 2, intermediateSize: 16 },
    sequenceLength: 16,
    batchSize: 2,
    steps: 2,
    stochasticDepth: { finalSurvival: 0.5, scaling },
    engine: 'cpu',
  });
  await pretrain(config, join(directory, name));
  return join(directory, name);
};

/** The weights as they were trained. */
const trained = async (directory: string, step: string): Promise<Tensors> =>
  checkpointWeights((await readCheckpoint(join(directory, 'checkpoints', step))).tensors);

it('a fine-tuning begins with them inside the weights, and one under that method is used as it was measured', async () => {
  const rows = Array.from({ length: 12 }, (_, i) => `word${i % 7} is here\t${i % 2 ? 'yes' : 'no'}\n`).join('');
  writeFileSync(join(directory, 'rows.tsv'), `text\tlabel\n${rows}`);
  const file = join(directory, 'rows.tsv');
  const original = await run('before', 'evaluation');
  const config = finetuneConfig.parse({
    own: { train: file, dev: file, text: 'text', label: 'label' },
    checkpoint: original,
    epochs: 1,
    dropout: 0,
    learningRate: { peak: 1e-30 },
    stochasticDepth: { finalSurvival: 0.5, scaling: 'evaluation' },
    engine: 'cpu',
  });
  const tuned = join(directory, 'tuned');
  const { seeds, set } = await finetune(config, tuned, undefined);
  const [begun, plain] = [await trained(tuned, `step-${String(seeds[0]!.steps).padStart(8, '0')}`), await trained(original, 'step-00000002')];
  const name = 'bert.encoder.layer.1.output.dense.weight';
  for (const [i, w] of begun[name]!.data.entries()) expect(w).toBeCloseTo(0.5 * plain[name]!.data[i]!, 6);
  const [evaluated] = await evaluateRuns(tuned, undefined, { engine: 'cpu' });
  expect(evaluated!.metrics['loss']).toBeCloseTo(seeds[0]!.metrics[set]!['loss']!, 6);
}, 60_000);

it('the keep probabilities of the original stochastic depth are inside the weights, and of nothing else', async () => {
  const original = await run('original', 'evaluation');
  const [plain, folded] = [await trained(original, 'step-00000002'), await readPretrained(original)];
  const factor = (name: string): number => (/layer\.\d+\.(attention\.)?output\.dense/.test(name) ? (name.includes('layer.0') ? 0.75 : 0.5) : 1);
  const scaledNames = Object.keys(plain).filter((name) => factor(name) !== 1);
  expect(scaledNames).toHaveLength(2 * 2 * 2);
  for (const [name, { data }] of Object.entries(plain)) expect(folded.tensors[name]!.data, name).toEqual(data.map((w) => factor(name) * w));
  const checkpoint = join(original, 'checkpoints', 'step-00000002');
  expect((await readEvaluated(checkpoint)).tensors).toEqual(folded.tensors);
  expect((await readEvaluated(original)).tensors).toEqual(folded.tensors);
  expect((await readForFineTuning(original)).tensors).toMatchObject(Object.fromEntries(scaledNames.map((name) => [name, folded.tensors[name]])));
  const goingOn = await readStart(pretrainConfig.parse({ checkpoint: { source: original }, sequenceLength: 16 }));
  expect(goingOn!.weights).toEqual(folded.tensors);
  const file = join(original, 'model.json');
  const { evaluation_gains: _, ...older } = JSON.parse(readFileSync(file, 'utf8'));
  writeFileSync(file, JSON.stringify(older));
  expect((await readPretrained(original)).tensors).toEqual(plain);
  expect((await readEvaluated(original)).tensors).toEqual(folded.tensors);
  const inverted = await run('inverted', 'inverted');
  expect((await readEvaluated(inverted)).tensors).toEqual(await trained(inverted, 'step-00000002'));
}, 60_000);
