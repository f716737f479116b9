import { describe, expect, it } from 'vitest';
import { pretrainConfig, pretrainJsonSchema } from './config.js';
import { blockSaving, methodOf } from './plugins.js';

const parse = (value: unknown) => pretrainConfig.parse(value);

describe('the configuration of pretrain', () => {
  it('has a default for everything', () => {
    const config = parse({});
    expect(config).toMatchObject({
      corpus: { source: 'sotu', heldOut: 0.05 },
      objective: ['mlm'],
      sequenceLength: 128,
      batchSize: 8,
      accumulation: 1,
      seed: 0,
      clip: 1,
    });
    expect(config.checkpoints).toEqual({ every: 0.1, keep: 2, best: false });
  });

  it('takes a budget in seconds or as a duration', () => {
    expect([parse({ budget: 60 }).budget, parse({ budget: '1h30m' }).budget]).toEqual([60, 5400]);
    for (const bad of ['', '10', 'm', '10 m', '10mm', '-5m', '0s', '5x']) {
      expect(pretrainConfig.safeParse({ budget: bad }).success, bad).toBe(false);
    }
  });

  it('parsed again it is the same: what is written can be replayed', () => {
    const config = parse({ steps: 10, pld: { thetaBar: 0.7, schedule: { type: 'cosine' } }, model: { size: 'tiny' }, corpus: { source: 'a.txt' } });
    expect(parse(JSON.parse(JSON.stringify(config)))).toEqual(config);
  });

  it.each([
    [{ steps: 1, budget: 2 }, 'cannot be given beside steps'],
    [{ pld: {}, stochasticDepth: {} }, 'cannot be used beside pld'],
    [{ objective: ['nsp'] }, "must have 'mlm'"],
    [{ sequenceLength: 16, maskedPerRow: 17 }, 'must be at most the sequence length, 16'],
  ])('refuses %j', (value, message) => {
    expect(
      pretrainConfig
        .safeParse(value)
        .error!.issues.map((issue) => issue.message)
        .join(),
    ).toContain(message);
  });

  it('is described by a JSON Schema with every key and its words', () => {
    const { properties, additionalProperties } = pretrainJsonSchema() as {
      properties: Record<string, { description?: string }>;
      additionalProperties: boolean;
    };
    expect(additionalProperties).toBe(false);
    expect(Object.keys(properties).sort()).toEqual(Object.keys(pretrainConfig.shape).sort());
    expect(properties['pld']!.description).toMatch(/progressive layer dropping/);
  });

  it('names the method and what it saves', () => {
    expect(methodOf(parse({}))).toBeUndefined();
    expect(blockSaving(parse({}), 12, 1000)).toBe(0);
    expect(blockSaving(parse({ pld: { thetaBar: 0.5 } }), 12, 1000)).toBeCloseTo(0.268, 3); // reference: 26.8 % at L=12
    expect(blockSaving(parse({ layerDrop: {} }), 12, 1000)).toBeCloseTo(0.2, 9);
    expect(methodOf(parse({ stochasticDepth: {} }))!.name).toBe('stochastic depth');
  });
});
