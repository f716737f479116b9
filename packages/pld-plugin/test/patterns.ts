import type { BlockInfo } from '@hookline/core';

/** All 2^n patterns of n gates with their probabilities and draws that make them. */
export function* allPatterns(probabilities: readonly number[]): Generator<{ weight: number; open: boolean[]; draw: (index: number) => number }> {
  const n = probabilities.length;
  for (let bits = 0; bits < 2 ** n; bits++) {
    const open = probabilities.map((_, k) => (bits & (1 << k)) !== 0);
    const weight = probabilities.reduce((product, p, k) => product * (open[k] ? p : 1 - p), 1);
    if (weight > 0) yield { weight, open, draw: (index) => (open[index] ? 0 : 1 - 2 ** -53) };
  }
}

/** Blocks as a transformer has them. */
export const transformerBlocks = (depth: number, norm?: 'pre' | 'post', costs: readonly number[] = []): BlockInfo[] =>
  Array.from({ length: depth }, (_, i) => ({
    name: `layer.${i}`,
    branches: ['attention', 'ffn'],
    parameters: [`layer.${i}.w`],
    cost: costs[i] ?? 1,
    ...(norm ? { norm } : {}),
  }));
