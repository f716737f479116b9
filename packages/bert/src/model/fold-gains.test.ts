import { expect, it } from 'vitest';
import { bertConfig } from './config.js';
import { foldGains } from './fold-gains.js';
import { initializeBert } from './initialize.js';

it('scales the last layer of each branch, weight and bias, and nothing else', () => {
  const config = bertConfig({ hiddenSize: 8, numHiddenLayers: 2, numAttentionHeads: 2, vocabSize: 20 });
  const plain = Object.fromEntries(Object.entries(initializeBert(config, 3)).map(([name, { shape, data }]) => [name, { shape, data: data.map((w) => w + 1) }]));
  const folded = foldGains(plain, [
    { attention: 1, ffn: 0.5 },
    { attention: 0.25, ffn: 2 },
  ]);
  const factors: Readonly<Record<string, number>> = { '0.output.dense': 0.5, '1.attention.output.dense': 0.25, '1.output.dense': 2 };
  expect(Object.keys(folded)).toEqual(Object.keys(plain));
  for (const [name, { data }] of Object.entries(plain)) {
    const factor = factors[/layer\.(.*)\.(weight|bias)$/.exec(name)?.[1] ?? ''] ?? 1;
    expect(folded[name]!.data, name).toEqual(data.map((w) => factor * w));
  }
});
