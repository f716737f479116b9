import { createTrainer, during, memoryStore } from '@hookline/core';
import { resumeConformance } from '@hookline/core/testing';
import { describe, expect, it } from 'vitest';
import { sentiments, sentimentTask, tinyModel } from '../../test/tiny.js';
import type { TextTask } from '../tasks/task.js';
import { fineTuning } from './fine-tuning.js';
import type { FineTuningSettings } from './options.js';

const set = (count: number) => ({ examples: sentiments(count), source: 'sentiments' });
const learnerOf = (options: FineTuningSettings = {}, norm: 'pre' | 'post' = 'pre', task: TextTask = sentimentTask) =>
  fineTuning({ task, model: tinyModel(norm), train: set(24), evaluation: { dev: set(12) }, batchSize: 8, engine: 'cpu', ...options });

const evaluated = (learner: Awaited<ReturnType<typeof learnerOf>>, steps: number, learningRate = 0.02) =>
  createTrainer({
    learner,
    steps,
    learningRate,
    plugins: [{ name: 'at-end', onStep: during('end', (step) => (step.index + 1 === steps ? { ...step, evaluate: ['dev'] } : step)) }],
  }).run();

describe('fineTuning', () => {
  it.each([
    ['pre', 0.02, 50],
    ['post', 0.008, 70],
  ] as const)('learns which words are kind, in %s-LN', async (norm, rate, steps) => {
    const learner = await learnerOf({ dropout: 0 }, norm);
    const { metrics } = await evaluated(learner, steps, rate);
    expect(metrics['dev']).toMatchObject({ accuracy: 1, score: 1 });
    expect(metrics['dev']!['loss']).toBeLessThan(0.3);
    expect(learner.predictions('dev').map(({ value }) => value)).toEqual(sentiments(12).map(({ label }) => label));
    learner.dispose();
  });

  it('learns a number', async () => {
    const task: TextTask = { name: 'mark', texts: 1, target: { kind: 'number', range: [0, 5] }, metrics: ['pearson'] };
    const learner = await learnerOf({ dropout: 0 }, 'pre', task);
    const { metrics } = await evaluated(learner, 60);
    expect(metrics['dev']!['pearson']).toBeGreaterThan(0.9);
    expect(metrics['dev']!['loss']).toBeLessThan(0.1);
    learner.dispose();
  });

  it('resumes exactly, with dropout, shuffled epochs and evaluation', async () => {
    const report = await resumeConformance({ plugins: () => [], learner: () => learnerOf({ bucketing: true }), steps: 7, kills: [2, 5] });
    expect(report.kills).toHaveLength(2);
  });

  it('names its blocks as pre-training, and takes its recipe by width', async () => {
    const learner = await learnerOf();
    expect(learner.blocks.map(({ name, branches }) => [name, branches])).toEqual([
      ['encoder.0', ['attention', 'ffn']],
      ['encoder.1', ['attention', 'ffn']],
    ]);
    expect(learner.recipe).toMatchObject({ learningRate: 1e-4, warmup: 0.1, weightDecay: 0.01, clipNorm: 1 });
    expect(createTrainer({ learner, steps: 2, store: memoryStore() }).plan()).toEqual(['linear-warmup', 'clip-gradients']);
    learner.dispose();
  });

  it.each([
    { what: 'more tokens than positions', options: { maxLength: 17 }, error: /sequences of 17 tokens exceed the model's 16 positions/ },
    {
      what: 'weights for other classes',
      options: { classWeights: [1, 2, 3] },
      error: /3 classWeights for 2 classes; give one for each of: negative, positive/,
    },
    { what: 'an unknown option', options: { batchsize: 3 } as never, error: /did you mean 'batchSize'/ },
  ])('refuses $what', async ({ options, error }) => {
    await expect(learnerOf(options)).rejects.toThrow(error);
  });

  it('refuses a set without labels, by its name', async () => {
    const test = { source: 'test.tsv', examples: sentiments(3).map((example) => ({ ...example, label: undefined })) };
    await expect(fineTuning({ task: sentimentTask, model: tinyModel(), train: set(4), evaluation: { test }, engine: 'cpu' })).rejects.toThrow(
      /test\.tsv has no labels \(row 0\): it can be predicted, not scored/,
    );
  });
});
