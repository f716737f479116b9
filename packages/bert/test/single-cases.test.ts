import { createTrainer, during, eachBlock, type Gates, mergeGates, type Plugin } from '@hookline/core';
import type { EngineName } from '@hookline/tfjs';
import { describe, expect, it } from 'vitest';
import { bertPretraining } from '../src/pretraining/bert-pretraining.js';
import { oracle, oracleBatches, oracleConfig, oracleData, oracleWeights, type SingleCase } from './oracle.js';
import { type Composition, compose } from './replay.js';

interface Case {
  readonly name: string;
  readonly norm: 'pre' | 'post';
  readonly batch: number;
  readonly gates: Gates;
  readonly figures: SingleCase;
}

const shared = [1, 0, 1, 1];
const pairs: readonly (readonly [number, number])[] = [
  [1, 0],
  [0, 1],
  [0, 0],
  [1, 1],
];
/** 1/p of the paper's convention at theta 0.5. */
const paperGains = [1 / 0.875, 1 / 0.75, 1 / 0.625, 1 / 0.5];

/** Gates of the cases that the figures only name. */
const named: Readonly<Record<string, Gates>> = {
  postln_shared_unscaled: compose('sharedUnscaled', shared, []),
  postln_branches_unscaled: compose('independentUnscaled', pairs, []),
  postln_noneActive: compose('sharedUnscaled', [0, 0, 0, 0], []),
  preln_noneActive: compose('sharedUnscaled', [0, 0, 0, 0], []),
  preln_allActiveScaled: compose('shared', [1, 1, 1, 1], paperGains),
};

function caseOf(figures: SingleCase): Case {
  const norm = figures.case?.startsWith('postln') ? 'post' : 'pre';
  const composition = (figures.scale ? figures.compose : 'sharedUnscaled') as Composition;
  const gates = figures.case ? named[figures.case]! : compose(composition, figures.gates!, figures.scale ?? []);
  return { name: figures.case ?? `${figures.convention}, ${figures.compose}`, norm, batch: 1, gates, figures };
}

const cases: readonly Case[] = [
  ...(['pre', 'post'] as const).map(
    (norm): Case => ({ name: `step 0, norm ${norm}`, norm, batch: 0, gates: compose('dense', [1, 1, 1, 1], []), figures: oracle.step0[norm] }),
  ),
  ...oracle.single.map(caseOf),
];

/** One step under these gates: losses, the norm of every gradient, and the norms of the hidden states around the blocks. */
async function measure({ norm, batch, gates }: Case, engine: EngineName) {
  const data = oracleData([oracleBatches()[batch]!]);
  const learner = await bertPretraining({ ...oracleConfig(norm), data: { train: data }, objective: ['mlm', 'nsp'], weights: oracleWeights(norm), engine });
  const hidden: number[] = [];
  const norms = new Map<string, number>();
  const probe: Plugin = {
    name: 'probe',
    provides: ['gating'],
    setup: (run) => ({
      onStep: during('begin', (step) => ({ ...step, gates: mergeGates(step.gates, gates) })),
      onForwardBlock: eachBlock((call) => {
        if (call.phase === 'leave') hidden.push(run.algebra.norm(call.output));
        else if (call.index === 0) hidden.push(run.algebra.norm(call.input));
        return call;
      }),
    }),
  };
  const gradients: Plugin = {
    name: 'gradient-norms',
    onStep: during('gradients', (step) => {
      for (const name of step.gradients.names) norms.set(name, step.gradients.norm(name));
      return { ...step, skipUpdate: true };
    }),
  };
  const { last } = await createTrainer({ learner, plugins: [probe, gradients], steps: 1 }).run();
  learner.dispose();
  return { last: last!, hidden, norms };
}

describe.each(['wasm', 'cpu'] as const)('one step on %s', (engine) => {
  it.each(cases.map((one) => [one.name, one] as const))('%s', async (_, one) => {
    const { last, hidden, norms } = await measure(one, engine);
    const { figures } = one;
    expect(Math.abs(last.losses['mlm']! - figures.mlm)).toBeLessThan(2e-5);
    expect(Math.abs(last.losses['nsp']! - figures.nsp)).toBeLessThan(2e-5);
    if (figures.globalGradNorm) expect(Math.abs(last.gradientNorm / figures.globalGradNorm - 1)).toBeLessThan(1e-4);
    expect(hidden.length).toBe(5);
    for (const [i, value] of hidden.entries()) expect(Math.abs(value / figures.hiddenL2[i]! - 1)).toBeLessThan(1e-6);
    oracle.names.forEach((name, i) => {
      const expected = figures.gradNorm[i];
      if (name.endsWith('self.key.bias')) return; // 0 but for rounding
      if (!expected)
        expect(norms.has(name), name).toBe(false); // dropped, or not in the model
      else expect(Math.abs(norms.get(name)! / expected - 1), name).toBeLessThan(1e-4);
    });
  });
});
