import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bertConfig, initializeBert, wordPiece } from '@hookline/bert';
import type { PretrainedModel, TextTask } from '@hookline/glue';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BenchFinetuneOptions, benchFinetune } from './finetune.js';
import { benchLines } from './table.js';

const words = ['good', 'bad', 'the', 'film', 'was', 'very'];
const task: TextTask = { name: 'sentiment', texts: 1, target: { kind: 'classes', labels: ['negative', 'positive'] }, metrics: ['accuracy'] };

function model(norm: 'pre' | 'post'): PretrainedModel {
  const tokenizer = wordPiece(['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', ...words]);
  const sizes = { hiddenSize: 8, numHiddenLayers: 1, numAttentionHeads: 2, maxPositionEmbeddings: 16 };
  const config = bertConfig({ norm, vocabSize: tokenizer.vocabSize, ...sizes });
  return { config, tokenizer, tensors: initializeBert(config, 0, { heads: { nsp: false } }) };
}

const examples = Array.from({ length: 10 }, (_, index) => ({
  index,
  texts: [`the film was ${'very '.repeat(index % 4)}${words[index % 2]}`] as const,
  label: index % 2,
}));
const train = { task, split: 'train', examples, source: 'ten sentences', warnings: [] };
const common: BenchFinetuneOptions = {
  task,
  sets: { train, evaluation: {} },
  model: model('post'),
  engine: 'wasm',
  batchSize: 4,
  dropout: 0,
  steps: 3,
  rounds: 2,
};

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hookline-fake-torch-'));
});
afterAll(() => rm(directory, { recursive: true }));

/** Node in the place of Python, which answers with these losses after each reset. */
async function fake(losses: readonly number[]): Promise<Pick<BenchFinetuneOptions, 'torch' | 'script'>> {
  const script = join(directory, 'fake.mjs');
  await writeFile(
    script,
    `import { readFileSync } from 'node:fs'; import { createInterface } from 'node:readline';
    const setup = JSON.parse(readFileSync(process.argv[2], 'utf8'));
    if (setup.outputs !== 2 || setup.kind !== 'classes' || setup.shape.hiddenSize !== 8) throw new Error('told something else');
    console.log(JSON.stringify({ torch: '9.9', threads: 3, optimizer: 'fused', loaded: 1 }));
    let at = 0;
    for await (const line of createInterface({ input: process.stdin })) {
      if (JSON.parse(line).do === 'reset') at = 0;
      console.log(JSON.stringify(JSON.parse(line).do === 'step' ? { loss: ${JSON.stringify(losses)}[at++] ?? 1 } : {}));
    }`,
  );
  return { torch: process.execPath, script };
}

/** The losses of the steps that are compared: the first answers that disagree name them one by one. */
async function ownLosses(): Promise<readonly number[]> {
  const losses: number[] = [];
  while (losses.length < 10) {
    const error = (await benchFinetune({ ...common, ...(await fake(losses)) }).catch((reason: unknown) => reason)) as Error & { code: string };
    expect(error).toMatchObject({ code: 'HOOKLINE_BENCH_DISAGREES', message: expect.stringContaining(`loss of step ${losses.length}: `) });
    losses.push(Number(/loss of step \d+: (\S+) here/.exec(error.message)?.[1]));
  }
  return losses;
}

describe('benchFinetune', () => {
  it('compares losses first, then times both on the same batches', async () => {
    const losses = await ownLosses();
    for (const loss of losses) expect(loss).toBeCloseTo(Math.log(2), 2); // two classes, and a model that knows nothing yet
    const result = await benchFinetune({ ...common, ...(await fake(losses)) });
    expect(result.timings.map(({ name, times }) => [name, times.length])).toEqual([
      ['hookline', 2],
      ['PyTorch, eager', 2],
    ]);
    expect(result.whole).toMatchObject({ steps: 3, seconds: [{ name: 'hookline' }, { name: 'PyTorch, eager' }] });
    expect(result.ours.map(({ over }) => over)).toEqual(['PyTorch, eager']);
    expect(result.lengths).toEqual([8, 12, 12]);
    const text = benchLines(result).join('\n');
    expect(text).toContain('fine-tuning on sentiment: L=1 H=8');
    expect(text).toMatch(/PyTorch 9\.9, 3 threads, fused AdamW; losses over 10 steps without dropout agreed within \d/);
  });

  it.each([
    ['a PreLN model', { model: model('pre'), torch: 'python' }, /compares PostLN models/],
    ['nothing to compare with', {}, /nothing to compare with on the engine wasm/],
    ['more rows in a batch than examples', { batchSize: 11, torch: 'python' }, /10 examples, a batch 11/],
  ])('refuses %s', async (_, options, message) => {
    await expect(benchFinetune({ ...common, ...options })).rejects.toMatchObject({ code: 'HOOKLINE_OPTIONS', message: expect.stringMatching(message) });
  });
});
