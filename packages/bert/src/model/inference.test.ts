import { loadEngine, openBlock } from '@hookline/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { oracle, oracleBatches, oracleConfig, oracleWeights } from '../../test/oracle.js';
import { lossSums } from '../pretraining/objectives.js';
import { bertModel, checkpointWeights, predictMasked } from './inference.js';

beforeAll(async () => {
  await loadEngine('wasm');
});

describe('a model without a trainer', () => {
  it.each(['pre', 'post'] as const)('runs the whole network, norm %s', (norm) => {
    const model = bertModel(oracleConfig(norm), oracleWeights(norm));
    const loss = tf.tidy(() => lossSums(model, oracleBatches()[0]!, ['mlm'], openBlock, { mode: 'evaluate', seed: [0, 0] })['mlm']!.dataSync()[0]!);
    expect(loss / 20).toBeCloseTo(oracle.step0[norm].mlm, 5);
    model.dispose();
  });

  it('predicts tokens in the order of their probability', async () => {
    const before = tf.memory().numTensors;
    const model = bertModel(oracleConfig('pre'), oracleWeights('pre'));
    const { inputIds, tokenTypeIds } = oracleBatches()[0]!;
    const text = { ids: inputIds.slice(0, 32), tokenTypeIds: tokenTypeIds.slice(0, 32) };
    const [first, second] = await predictMasked(model, text, [19, 20], 500);
    const logits = oracle.step0.pre.mlmLogits00_8!;
    const of = (id: number) => first!.find((prediction) => prediction.id === id)!.probability;
    for (const id of [1, 2, 7]) expect(Math.log(of(id) / of(0))).toBeCloseTo(logits[id]! - logits[0]!, 4);
    expect(first!.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 5);
    expect(first!.every(({ probability }, i) => i === 0 || probability <= first![i - 1]!.probability)).toBe(true);
    expect(second!.length).toBe(500);
    expect((await predictMasked(model, text, [19]))[0]).toEqual(first!.slice(0, 5));
    await expect(predictMasked(model, { ids: new Int32Array(33) }, [1])).rejects.toThrow(/33 tokens/);
    model.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('finds trained and averaged weights in a checkpoint', () => {
    const tensor = (value: number) => ({ shape: [1], data: Float32Array.of(value) });
    const saved = { 'weights/a.b': tensor(1), 'adam.m/a.b': tensor(2), 'slot:ema/a.b': tensor(3) };
    expect(checkpointWeights(saved)).toEqual({ 'a.b': tensor(1) });
    expect(checkpointWeights(saved, 'ema')).toEqual({ 'a.b': tensor(3) });
    expect(() => checkpointWeights(saved, 'swa')).toThrow(/'slot:swa/);
  });
});
