import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readPretrained } from '@hookline/bert/node';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { finetuneConfig } from '../finetune/config.js';
import { finetune } from '../finetune/finetune.js';
import { evaluateRuns } from '../finetune/predict.js';
import { pretrainConfig } from '../pretrain/config.js';
import { pretrain } from '../pretrain/pretrain.js';
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
  const [begun, plain] = [(await readPretrained(tuned)).tensors, (await readPretrained(original)).tensors];
  const name = 'bert.encoder.layer.1.output.dense.weight';
  for (const [i, w] of begun[name]!.data.entries()) expect(w).toBeCloseTo(0.5 * plain[name]!.data[i]!, 6);
  const [evaluated] = await evaluateRuns(tuned, undefined, { engine: 'cpu' });
  expect(evaluated!.metrics['loss']).toBeCloseTo(seeds[0]!.metrics[set]!['loss']!, 6);
}, 60_000);

it('the keep probabilities of the original stochastic depth are inside the weights, and of nothing else', async () => {
  const original = await run('original', 'evaluation');
  const [plain, folded] = [await readPretrained(original), await readEvaluated(original)];
  const factor = (name: string): number => (/layer\.\d+\.(attention\.)?output\.dense/.test(name) ? (name.includes('layer.0') ? 0.75 : 0.5) : 1);
  const scaledNames = Object.keys(plain.tensors).filter((name) => factor(name) !== 1);
  expect(scaledNames).toHaveLength(2 * 2 * 2);
  for (const [name, { data }] of Object.entries(plain.tensors)) expect(folded.tensors[name]!.data, name).toEqual(data.map((w) => factor(name) * w));
  const checkpoint = join(original, 'checkpoints', 'step-00000002');
  expect((await readEvaluated(checkpoint)).tensors).toEqual(folded.tensors);
  const inverted = await run('inverted', 'inverted');
  expect((await readEvaluated(inverted)).tensors).toEqual((await readPretrained(inverted)).tensors);
}, 60_000);
