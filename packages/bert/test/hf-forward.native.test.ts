import { describe, expect, it } from 'vitest';
import { deviations, miniLm, randomBert } from './hf-forward.js';

describe('folders of transformers on native', () => {
  it.skipIf(!randomBert.here)('a random BERT has the hidden states that transformers computes', async () => {
    const worst = await deviations(randomBert, 'native');
    expect(worst.state).toBeLessThan(1e-5);
    expect(worst.spread).toBeLessThan(1e-5);
    expect(worst.norm).toBeLessThan(1e-6);
  });

  it.skipIf(!miniLm.here)('MiniLM has the hidden states that transformers computes', async () => {
    const worst = await deviations(miniLm, 'native');
    for (const value of Object.values(worst)) expect(value).toBeLessThan(1e-4);
  });
});
