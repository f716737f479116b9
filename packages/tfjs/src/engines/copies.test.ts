import { realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import * as cpu from '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { checkSingleCopy } from './copies.js';
import { loadEngine } from './load-engine.js';

const require = createRequire(import.meta.url);

describe('the copy of tfjs-core', () => {
  it('is one and the same from every package that uses it', () => {
    const users = ['@tensorflow/tfjs-backend-wasm', '@tensorflow/tfjs-backend-cpu', '@tensorflow/tfjs-layers'].map((name) => require.resolve(name));
    const packages = ['tfjs', 'bert', 'lab'].map((name) => new URL(`../../../${name}/package.json`, import.meta.url));
    const copies = [...users, ...packages].map((from) => realpathSync(createRequire(from).resolve('@tensorflow/tfjs-core')));
    expect(new Set(copies)).toEqual(new Set([realpathSync(require.resolve('@tensorflow/tfjs-core'))]));
  });
});

describe('checkSingleCopy', () => {
  beforeAll(async () => {
    await loadEngine('wasm');
  });

  const refusal = expect.objectContaining({ code: 'HOOKLINE_TFJS_COPIES', message: expect.stringContaining('npm ls @tensorflow/tfjs-core') });

  it('is content with one', () => {
    const before = tf.memory().numTensors;
    expect(() => checkSingleCopy()).not.toThrow();
    expect(() => checkSingleCopy(new cpu.MathBackendCPU())).not.toThrow();
    expect(tf.memory().numTensors).toBe(before);
  });

  it("refuses a backend of another copy, whose base class is not this copy's", () => {
    class Foreign {}
    expect(() => checkSingleCopy(new Foreign())).toThrow(refusal);
  });

  it('refuses when another copy makes the tensors', () => {
    class Foreign {
      dispose(): void {}
    }
    expect(() => checkSingleCopy(tf.backend(), () => new Foreign() as tf.Tensor)).toThrow(refusal);
  });
});
