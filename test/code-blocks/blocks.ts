/** A residual layer and a transformer block, as the README shows them. */
import { deepStrictEqual } from 'node:assert/strict';
import type { Block } from '@hookline/core';

const block: Block<number> = (_, u, body, ...inputs) => body(u, { branch: (_name, at, f) => at + f(at), seed: [0, 0], mode: 'train' }, ...inputs);
const layer = (u: number) => u + 1;
const attend = (u: number, given: number) => u * given;
const feedForward = (u: number) => 10 * u;
const mask = 3;
let x = 1;
let y = 0;

x = block('layer.3', x, layer);
y = block('encoder.3', x, (x, { branch }, mask) => branch('ffn', branch('attention', x, (x) => attend(x, mask)), feedForward), mask);

deepStrictEqual([x, y], [2, 88]); // 1 + 1; 2 + 6, then 8 + 80
