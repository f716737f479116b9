import type { Block, BranchGate } from '@hookline/core';
import { createParameters, loadEngine, tensorAlgebra } from '@hookline/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { oracle, oracleBatches, oracleConfig, oracleWeights } from '../../test/oracle.js';
import { batchTensors } from '../pretraining/batch-tensors.js';
import { type BertModel, encode, type ForwardContext } from './bert.js';
import { bertConfig } from './config.js';
import { maskedLogits, nextSentenceLogits, pool } from './heads.js';
import { initializeBert } from './initialize.js';

const open: BranchGate = { active: true, gain: 1 };
const evaluation: ForwardContext = { mode: 'evaluate', seed: [0, 0] };
const algebra = tensorAlgebra();

/** Every block open; each block's input and output are shown to `tap`. */
const openBlock =
  (context: ForwardContext = evaluation, tap: (x: tf.Tensor) => void = () => {}): Block<tf.Tensor> =>
  (name, x, body, ...inputs) => {
    const gate = { name, ...open, branches: { attention: open, ffn: open } };
    tap(x);
    const y = algebra.run({ name, gate, recompute: false, ...context }, x, body as never, inputs);
    tap(y);
    return y;
  };

const l2 = (x: tf.Tensor): number => Math.hypot(...x.dataSync());
const first = (x: tf.Tensor, n: number): number[] => Array.from(x.dataSync().slice(0, n));
const [batch] = oracleBatches();

beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

const modelOf = (config = oracleConfig('pre'), weights = initializeBert(config, 1)): BertModel => ({ config, parameters: createParameters(weights) });

describe.each(['wasm', 'cpu'] as const)('on %s', (engine) => {
  beforeAll(async () => {
    await loadEngine(engine);
  });

  it.each(['pre', 'post'] as const)('computes what PyTorch computes, norm %s', (norm) => {
    const model = modelOf(oracleConfig(norm), oracleWeights(norm));
    const expected = oracle.step0[norm];
    const tensors = batchTensors(batch!, model.config);
    const hidden: tf.Tensor[] = [];
    const last = encode(
      model,
      tensors.input,
      openBlock(evaluation, (x) => hidden.push(x)),
      evaluation,
    );
    const norms = [hidden[0]!, hidden[1]!, hidden[3]!, hidden[5]!, hidden[7]!].map(l2);
    for (const [i, value] of norms.entries()) expect(value / expected.hiddenL2[i]!).toBeCloseTo(1, 6);
    const close = (actual: readonly number[], figures: readonly number[]) => {
      for (const [i, value] of actual.entries()) expect(value).toBeCloseTo(figures[i]!, 5);
    };
    close(first(last, 8), expected.lastHiddenCls8!);
    close(first(pool(model, last, 4), 8), expected.pooled8!);
    close(first(nextSentenceLogits(model, last, 4), 8), expected.nspLogits!.flat());
    if (norm === 'pre') close(first(maskedLogits(model, last, tensors.maskedRows), 8), expected.mlmLogits00_8!);
  });
});

describe('encode', () => {
  beforeAll(async () => {
    await loadEngine('wasm');
  });

  it('runs embeddings and final LayerNorm alone where there are no layers', () => {
    for (const norm of ['pre', 'post'] as const) {
      const config = bertConfig({ ...oracleConfig(norm), numHiddenLayers: 0 });
      const model = modelOf(config);
      const { input } = batchTensors(batch!, config);
      const last = encode(model, input, openBlock(), evaluation);
      expect(last.shape).toEqual([128, 64]);
      expect(l2(last)).toBeCloseTo(Math.sqrt(128 * 64), 2); // normalized rows
    }
  });

  it('lets padding change nothing at the tokens', () => {
    const model = modelOf();
    const tensors = batchTensors(batch!, model.config);
    const garbled = batch!.inputIds.map((id, i) => (batch!.attentionMask[i] === 1 ? id : 499));
    const logits = (b: typeof batch) => {
      const { input, maskedRows } = batchTensors(b!, model.config);
      return first(maskedLogits(model, encode(model, input, openBlock(), evaluation), maskedRows), 1000);
    };
    expect(batch!.attentionMask).toContain(0);
    expect(logits({ ...batch!, inputIds: garbled })).toEqual(logits(batch));
    expect(tensors.maskedRows.shape).toEqual([20]);
  });

  it('drops out by key: the same under one seed, other under another, nothing in evaluation', () => {
    const config = bertConfig({ ...oracleConfig('pre'), hiddenDropoutProb: 0.1, attentionProbsDropoutProb: 0.1 });
    const model = modelOf(config);
    const { input } = batchTensors(batch!, config);
    const run = (context: ForwardContext) => first(encode(model, input, openBlock(context), context), 500);
    const dense = run(evaluation);
    const dropped = run({ mode: 'train', seed: [1, 2] });
    expect(run({ mode: 'train', seed: [1, 2] })).toEqual(dropped);
    expect(run({ mode: 'train', seed: [1, 3] })).not.toEqual(dropped);
    expect(run({ mode: 'evaluate', seed: [1, 3] })).toEqual(dense);
    expect(dropped).not.toEqual(dense);
  });

  it('drops out each branch by a mask of its own', () => {
    const config = bertConfig({ ...oracleConfig('pre'), numHiddenLayers: 1, hiddenDropoutProb: 0.5 });
    const weights = Object.entries(initializeBert(config, 1)).map(([name, { shape, data }]) => {
      // both branches answer with ones before dropout, with 0 or 2 after
      if (/output\.dense\.weight/.test(name)) return [name, { shape, data: new Float32Array(data.length) }] as const;
      if (/output\.dense\.bias/.test(name)) return [name, { shape, data: new Float32Array(data.length).fill(1) }] as const;
      return [name, { shape, data }] as const;
    });
    const model = modelOf(config, Object.fromEntries(weights));
    const context: ForwardContext = { mode: 'train', seed: [4, 5] };
    const around: tf.Tensor[] = [];
    encode(
      model,
      batchTensors(batch!, config).input,
      openBlock(context, (x) => around.push(x)),
      context,
    );
    const added = Array.from(tf.sub(around[1]!, around[0]!).dataSync(), Math.round);
    const share = (value: number) => added.filter((one) => one === value).length / added.length;
    expect([share(0), share(2), share(4)].map((one) => Math.round(20 * one) / 20)).toEqual([0.25, 0.5, 0.25]);
  });
});
