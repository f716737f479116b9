import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bertConfig } from './config.js';
import { initializeBert, logUnigram } from './initialize.js';

const config = bertConfig({ hiddenSize: 64, numHiddenLayers: 2, vocabSize: 300, maxPositionEmbeddings: 16 });
const weight = 'bert.encoder.layer.1.intermediate.dense.weight';

describe('initializeBert', () => {
  it('draws matrices from a normal distribution cut at two deviations', () => {
    const { data, shape } = initializeBert(config, 1)[weight]!;
    const values = Array.from(data);
    const mean = values.reduce((a, b) => a + b) / values.length;
    const deviation = Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length);
    const kurtosis = values.reduce((a, b) => a + (b - mean) ** 4, 0) / values.length / deviation ** 4;
    expect(shape).toEqual([256, 64]);
    expect(Math.abs(mean)).toBeLessThan(0.0005);
    expect(deviation).toBeCloseTo(0.02 * 0.8796, 4); // sqrt(1 - 4 phi(2) / (2 Phi(2) - 1))
    expect(kurtosis).toBeCloseTo(2.369, 1);
    expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(Math.fround(0.04));
  });

  it('begins biases at 0 and LayerNorm gains at 1', () => {
    const weights = initializeBert(config, 1);
    expect(new Set(weights['bert.encoder.final_layer_norm.weight']!.data)).toEqual(new Set([1]));
    expect(new Set(weights['bert.encoder.layer.0.attention.output.LayerNorm.bias']!.data)).toEqual(new Set([0]));
    expect(new Set(weights['cls.predictions.bias']!.data)).toEqual(new Set([0]));
  });

  it('gives a layer the same weights whatever the number of layers, and other weights under another seed or name', () => {
    const shallow = initializeBert(config, 1);
    const deep = initializeBert(bertConfig({ ...config, numHiddenLayers: 4 }), 1);
    expect(deep[weight]).toEqual(shallow[weight]);
    expect(initializeBert(config, 2)[weight]).not.toEqual(shallow[weight]);
    expect(shallow[weight.replace('.1.', '.0.')]!.data).not.toEqual(shallow[weight]!.data);
  });

  it('begins the decoder bias as the log share of each token', () => {
    const bias = initializeBert(config, 1, { unigram: Array.from({ length: 300 }, (_, id) => id) })['cls.predictions.bias']!.data;
    expect(bias[0]).toBeCloseTo(Math.log(1 / 45150), 5);
    expect(bias[299]).toBeCloseTo(Math.log(300 / 45150), 5);
    expect(() => initializeBert(config, 1, { unigram: [1, 2] })).toThrow(/2 token counts/);
  });

  it('makes shares of one', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(10_000), { minLength: 1, maxLength: 50 }), (counts) => {
        expect(logUnigram(counts).reduce((sum, log) => sum + Math.exp(log), 0)).toBeCloseTo(1, 4);
      }),
    );
  });
});
