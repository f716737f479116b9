import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bertConfig, initializeBert, specialTokens, wordPiece } from '@hookline/bert';
import { readPretrained, writePretrained } from '@hookline/bert/node';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { exportModel } from '../export/export.js';
import { finetuneConfig } from '../finetune/config.js';
import { finetune } from '../finetune/finetune.js';
import { evaluateRuns, predictText } from '../finetune/predict.js';
import { pretrainConfig } from './config.js';
import { paddedCounts } from './learner.js';
import { pretrain, resumePretraining } from './pretrain.js';
import { startingModel } from './pretrained.js';

const tokenizer = wordPiece([...specialTokens, 'good', 'bad', 'film', 'the', '.']);
const config = bertConfig({
  norm: 'pre',
  hiddenSize: 8,
  numHiddenLayers: 1,
  numAttentionHeads: 2,
  intermediateSize: 16,
  vocabSize: 16,
  maxPositionEmbeddings: 16,
});

let directory = '';
const at = (name: string): string => join(directory, name);
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'hookline-padded-'));
  await writePretrained(at('padded'), { config, tensors: initializeBert(config, 1, { heads: { nsp: false } }), tokenizer, head: 'mlm' });
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

it('a pre-training from a padded table is resumed, gone on with and exported without being allowed to once more', async () => {
  writeFileSync(at('corpus.txt'), Array.from({ length: 30 }, () => 'the good film .\nthe bad film .').join('\n\n'));
  const from = (source: string, allow: readonly string[]) =>
    pretrainConfig.parse({
      corpus: { source: at('corpus.txt'), heldOut: 0.2 },
      checkpoint: { source, allow },
      ...{ sequenceLength: 16, batchSize: 2, steps: 4, evaluation: { every: 4, batches: 1 }, checkpoints: { every: 2 }, engine: 'cpu' },
    });
  await expect(pretrain(from(at('padded'), []), at('run'))).rejects.toMatchObject({ code: 'HOOKLINE_VOCABULARY' });
  const { metrics } = await pretrain(from(at('padded'), ['vocabulary']), at('run'));
  const resumed = await resumePretraining(join(at('run'), 'checkpoints', 'step-00000002'));
  expect(resumed.metrics['mlmLoss']).toBe(metrics['mlmLoss']);
  await exportModel(at('run'), at('exported'));
  expect((await readPretrained(at('exported'), { allow: ['vocabulary'] })).tensors).toEqual((await readPretrained(at('run'))).tensors);
  expect((await pretrain(from(at('run'), []), at('further'))).steps).toBe(4);
}, 60_000);

it('so is a fine-tuning evaluated, used and exported', async () => {
  writeFileSync(
    at('rows.tsv'),
    `text\tlabel\n${Array.from({ length: 8 }, (_, i) => `the ${i % 2 ? 'good' : 'bad'} film\t${i % 2 ? 'yes' : 'no'}\n`).join('')}`,
  );
  const own = { train: at('rows.tsv'), dev: at('rows.tsv'), text: 'text', label: 'label' };
  const { seeds, set } = await finetune(
    finetuneConfig.parse({ own, checkpoint: at('padded'), allow: ['vocabulary'], epochs: 1, batchSize: 4, engine: 'cpu' }),
    at('tuned'),
    undefined,
  );
  const [evaluated] = await evaluateRuns(at('tuned'), undefined, { engine: 'cpu' });
  expect(evaluated!.metrics['loss']).toBeCloseTo(seeds[0]!.metrics[set]!['loss']!, 6);
  expect(Object.keys((await predictText(at('tuned'), ['the good film'], { engine: 'cpu' })).probabilities)).toEqual(['no', 'yes']);
  expect(await exportModel(at('tuned'), at('tuned-exported'))).toMatchObject({ head: 'classifier' });
}, 60_000);

it('a new head begins with how common tokens are, rows without a token as one that never occurs', () => {
  expect([...Array.from(paddedCounts([3, 1], 4))]).toEqual([3, 1, 0, 0]);
  const counts = [3, 1];
  expect(paddedCounts(counts, 2)).toBe(counts);
  const bias = 'cls.predictions.bias';
  const { weights } = startingModel({ config, weights: {}, created: [bias], tokenizer }, [...new Array(9).fill(0), 4]);
  expect([...weights![bias]!.data].map((log) => Math.round(20 * Math.exp(log)))).toEqual([...new Array(9).fill(1), 5, ...new Array(6).fill(1)]);
});
