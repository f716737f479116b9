import type { Block } from '@hookline/core';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';
import { loadEngine } from '../engines/index.js';
import { kernelCounts } from '../kernels.js';
import { build, chosenOf, networks } from './fixtures/random-residual.js';
import { gatedModel, residualBlocks } from './index.js';

beforeAll(async () => {
  await loadEngine('cpu');
});

const base = (path: string): string => path.replace(/:\d+/g, '');
const gate =
  (closed: ReadonlySet<string> = new Set()): Block<tf.Tensor> =>
  (name, x, body, ...inputs) =>
    closed.has(name) ? x : body(x, { branch: (_, at, f, after = (sum) => sum) => after(tf.add(at, f(at))), seed: [0, 0], mode: 'train' }, ...inputs);

it('finds exactly the blocks that were put into 200 random networks, and runs them as the model does, or as one without the closed ones', () => {
  let found = 0;
  fc.assert(
    fc.property(networks, fc.constantFrom('auto' as const, 'group' as const, 'apart' as const), fc.nat(), fc.boolean(), (network, nested, bits, training) => {
      const { model, blocks, inputs } = build(network);
      const warned: string[] = [];
      const options = { nested, warn: (line: string) => warned.push(line) };
      const truth = chosenOf(blocks, nested);
      if (truth.length === 0) {
        expect(() => residualBlocks(model, options)).toThrow(expect.objectContaining({ code: 'HOOKLINE_RESIDUAL' }));
        return;
      }
      const gated = gatedModel(model, options);
      const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);
      expect(gated.rows.map(({ name, layers }) => ({ name, layers: layers.map(base).sort() })).sort(byName)).toEqual(
        truth.map(({ name, layers }) => ({ name, layers })).sort(byName),
      );
      found += truth.length;

      const given = Array.from({ length: inputs }, (_, i) => tf.randomNormal([3, 2], 0, 1, 'float32', i + 1));
      const exact = (got: readonly tf.Tensor[], expected: tf.Tensor | tf.Tensor[]) => {
        const wanted = [expected].flat().map((tensor) => tensor.dataSync());
        if (!truth.some(({ rounded }) => rounded)) expect(got.map((tensor) => tensor.dataSync())).toEqual(wanted);
        else for (const [i, values] of wanted.entries()) for (const [j, value] of values.entries()) expect(got[i]?.dataSync()[j]).toBeCloseTo(value, 3);
      };
      exact(gated.apply(given, gate(), { training }), model.apply(given, { training }) as tf.Tensor[]);

      const closed = new Set(truth.map(({ name }) => name).filter((_, i) => (bits >> i) & 1));
      const reference = build(network, closed).model;
      let expected: tf.Tensor | tf.Tensor[] = [];
      let got: tf.Tensor[] = [];
      const wanted = kernelCounts(() => {
        expected = reference.apply(given, { training }) as tf.Tensor[];
      });
      const counts = kernelCounts(() => {
        got = gated.apply(given, gate(closed), { training });
      });
      exact(got, expected);
      expect({ ...counts, Identity: 0 }).toEqual({ ...wanted, Identity: 0 }); // add layers copy where a branch that ends in an activation does not
      tf.disposeVariables();
    }),
    { numRuns: 200, endOnFailure: false },
  );
  expect(found).toBeGreaterThan(200);
});
