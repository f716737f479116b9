import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { blockStatistics, createTrainer, during, type Gates, mergeGates, type News } from '@hookline/core';
import type { EngineName } from '@hookline/tfjs';
import { expect, it } from 'vitest';
import { bertPretraining } from '../src/pretraining/bert-pretraining.js';
import { oracleBatches, oracleConfig, oracleData, oracleWeights } from './oracle.js';
import { compose } from './replay.js';

interface Figures {
  readonly blocks: readonly ({ readonly distance: number; readonly cosine: number; readonly gradientNorm: number } | null)[];
  readonly topNorm: number;
}

/** See fixtures/README.md. */
const expected: Readonly<Record<'pre' | 'post' | 'preGated', Figures>> = JSON.parse(
  readFileSync(join(import.meta.dirname, 'fixtures', 'block-statistics.json'), 'utf8'),
);

const gated = compose('shared', [1, 0, 1, 1], [1 / 0.875, 1 / 0.75, 1 / 0.625, 1 / 0.5]);

async function statistics(engine: EngineName, norm: 'pre' | 'post', gates?: Gates) {
  const data = oracleData([oracleBatches()[0]!]);
  const learner = await bertPretraining({
    ...oracleConfig(norm),
    data: { train: data, evaluation: { dev: oracleBatches().slice(0, 1) } },
    objective: ['mlm', 'nsp'],
    weights: oracleWeights(norm),
    engine,
  });
  let step: News['step'] | undefined;
  let evaluation: News['evaluation'] | undefined;
  try {
    const plan = {
      name: 'plan',
      onStep: during('begin', (begin) => (gates ? { ...begin, gates: mergeGates(begin.gates, gates) } : begin)),
    };
    const still = { name: 'still', onStep: during('end', (end) => ({ ...end, evaluate: ['dev'] })) };
    const trainer = createTrainer({ learner, plugins: [plan, blockStatistics({ every: 1 }), still], steps: 1, learningRate: 0 });
    trainer.on('step', (news) => {
      step = news;
    });
    trainer.on('evaluation', (news) => {
      evaluation = news;
    });
    await trainer.run();
  } finally {
    learner.dispose();
  }
  return { report: step!.report, metrics: evaluation!.metrics };
}

/** Statistics of BERT's blocks are those that PyTorch computes in float64. */
export function checkBlockStatistics(engine: EngineName): void {
  it.each([
    ['pre', 'pre', undefined],
    ['post', 'post', undefined],
    ['preGated', 'pre', gated],
  ] as const)('%s', async (name, norm, gates) => {
    const { blocks, topNorm } = expected[name];
    const { report, metrics } = await statistics(engine, norm, gates);
    const figures: Record<string, number> = { topNorm };
    for (const [i, block] of blocks.entries()) for (const [key, value] of Object.entries(block ?? {})) figures[`${key}.encoder.${i}`] = value;
    expect(Object.keys(report).sort()).toEqual(Object.keys(figures).sort());
    for (const [key, value] of Object.entries(figures)) expect(Math.abs(report[key]! - value) / Math.max(1, Math.abs(value)), key).toBeLessThan(1e-5);
    // The learning rate is 0 and there is no dropout: an evaluation of the same batch sees the same.
    if (!gates) expect(Math.abs(metrics['topNorm']! - topNorm) / topNorm).toBeLessThan(1e-5);
  });
}
