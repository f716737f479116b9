import { describe, expect, it } from 'vitest';
import { deviations, expectSameIds, miniLm, randomBert } from './hf-forward.js';

describe('folders of transformers on wasm', () => {
  it.skipIf(!randomBert.here)('a random BERT has the hidden states that transformers computes', async () => {
    const worst = await deviations(randomBert, 'wasm');
    expect(worst.state).toBeLessThan(1e-5);
    expect(worst.spread).toBeLessThan(1e-5);
    expect(worst.norm).toBeLessThan(1e-6);
  });

  it.skipIf(!miniLm.here)('MiniLM has the hidden states that transformers computes', async () => {
    const worst = await deviations(miniLm, 'wasm');
    for (const value of Object.values(worst)) expect(value).toBeLessThan(1e-4);
  });

  it.skipIf(!randomBert.here)('a random BERT reads texts as transformers does', () => expectSameIds(randomBert));

  it.skipIf(!miniLm.here)('MiniLM reads texts as transformers does', () => expectSameIds(miniLm));
});
