import { HooklineError } from '@hookline/core';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadEngine } from '../engines/index.js';
import { longSkip } from './fixtures/styles.js';
import { type ResidualBlockOptions, residualBlocks } from './index.js';

beforeAll(async () => {
  await loadEngine('cpu');
});

type Sym = tfl.SymbolicTensor;
const input = (name: string, ...shape: number[]): Sym => tfl.input({ name, shape });
const dense = (name: string, x: Sym, units = 4, activation: 'relu' | 'linear' = 'linear'): Sym => tfl.layers.dense({ name, units, activation }).apply(x) as Sym;
const add = (name: string, ...xs: Sym[]): Sym => tfl.layers.add({ name }).apply(xs) as Sym;
const model = (inputs: Sym | Sym[], outputs: Sym | Sym[]): tfl.LayersModel => tfl.model({ name: 'mine', inputs, outputs });

const refusal = (net: tfl.LayersModel, options?: ResidualBlockOptions): string => {
  try {
    residualBlocks(net, options);
  } catch (error) {
    expect(error).toBeInstanceOf(HooklineError);
    expect((error as HooklineError).code).toBe('HOOKLINE_RESIDUAL');
    return (error as HooklineError).message;
  }
  throw new Error('nothing was refused');
};

describe('where nothing is found, it says what it saw', () => {
  const x = input('x', 4);

  it('no add', () => {
    expect(refusal(model(x, dense('b', dense('a', x))))).toBe(
      "model 'mine' has no residual block: 2 layers, no add layer; a residual block ends in tf.layers.add; sums inside a layer of one's own are not seen",
    );
  });

  it('adds that are none', () => {
    const y = add('branches', dense('a', x, 4, 'relu'), dense('b', x, 4, 'relu'));
    const z = add('projections', dense('c', y), dense('d', y));
    expect(refusal(model(x, tfl.layers.average({ name: 'mean' }).apply([z, dense('e', z)]) as Sym))).toBe(
      "model 'mine' has no residual block: 8 layers, 2 add layers; 'branches': none of 'a' and 'b' leads to another, or is a plain projection of what another begins with; " +
        "'projections': 'c' and 'd' are all plain projections: none of them is a branch; name the add layer and the layer whose output stays: blocks: [{ ends, shortcut }]",
    );
  });

  it('two sides of which neither is a plain projection', () => {
    const twice = dense('b', dense('a', x));
    expect(refusal(model(x, add('sum', twice, dense('c', x, 4, 'relu'))))).toMatch(/'sum': none of 'b' and 'c' leads to another, or is a plain projection/);
  });

  it('a residual whose inside is needed: by an output, by another layer', () => {
    const inner = dense('inner', x, 4, 'relu');
    const sum = add('sum', x, dense('outer', inner));
    expect(refusal(model(x, [sum, inner]))).toMatch(/1 add layer; 'sum': 'inner' inside its branch is an output of the model too/);
    expect(refusal(model(x, [sum, dense('aside', inner)]))).toMatch(/'sum': 'inner' inside its branch is used by 'aside' too/);
  });

  it("an add of the user's own, whatever its class is called", () => {
    class Half extends tfl.layers.Layer {
      static className = 'Add';
      override call(inputs: tf.Tensor[]) {
        return tf.div(tf.addN(inputs), 2);
      }
      override computeOutputShape([shape]: tfl.Shape[]) {
        return shape as tfl.Shape;
      }
    }
    expect(refusal(model(x, new Half({ name: 'half' }).apply([x, dense('b', x)]) as Sym))).toMatch(/no add layer/);
  });

  it('a shortcut of one row that would be broadcast over rows of which the number is open', () => {
    const rows = tfl.input({ name: 'rows', shape: [null, 4] });
    const one = tfl.layers.reshape({ name: 'one', targetShape: [1, 4] }).apply(tfl.layers.globalAveragePooling1d({}).apply(rows)) as Sym;
    const scaled = tfl.layers.multiply({ name: 'scaled' }).apply([rows, one]) as Sym;
    expect(refusal(model(rows, add('sum', one, scaled)))).toMatch(/changes the shape: 'one', which would stay, is \[\?,1,4\], the sum \[\?,\?,4\]/);
  });

  it('a sum that changes the shape of what would stay', () => {
    const image = input('image', 3, 3, 2);
    const wide = tfl.layers
      .reshape({ name: 'point', targetShape: [1, 1, 2] })
      .apply(tfl.layers.globalAveragePooling2d({ name: 'pool' }).apply(image) as Sym) as Sym;
    const narrow = add('narrow', wide, tfl.layers.upSampling2d({ name: 'up', size: [3, 3] }).apply(wide) as Sym);
    expect(refusal(model(image, narrow))).toMatch(/'narrow': the branch changes the shape: 'point', which would stay, is \[\?,1,1,2\], the sum \[\?,3,3,2\]/);
    const scaled = add('scaled', image, wide);
    expect(residualBlocks(model(image, scaled))[0]).toMatchObject({ name: 'scaled', begins: 'image', layers: ['pool', 'point'] });
  });

  it('a branch that makes a mask', () => {
    const masking = tfl.layers.masking({ name: 'masking' }).apply(input('series', 3, 2)) as Sym;
    const first = masking.inputs[0] as Sym;
    expect(refusal(model(first, add('sum', first, masking)))).toMatch(/'sum': 'masking' inside its branch makes a mask/);
  });

  it('what is no model, and one without layers', () => {
    expect(() => residualBlocks({} as tfl.LayersModel)).toThrow(
      expect.objectContaining({ code: 'HOOKLINE_LAYERS_MODEL', message: expect.stringMatching(/two copies/) }),
    );
    expect(() => residualBlocks(tfl.sequential({ name: 'empty' }))).toThrow(/HOOKLINE_LAYERS_MODEL|model 'empty' has no layers/);
  });
});

describe('what the user asks for', () => {
  let net: tfl.LayersModel;
  beforeAll(() => {
    net = longSkip();
  });
  const names = (blocks: ResidualBlockOptions['blocks']) => residualBlocks(net, { blocks: blocks as string }).map(({ name }) => name);

  it('by pattern, by list, with names of their own, in order of depth', () => {
    expect(names('add*')).toEqual(['add0', 'add1', 'add2']);
    expect(names('*1')).toEqual(['add1']);
    expect(names(/add[02]/g)).toEqual(['add0', 'add2']);
    expect(names(['add2', 'add0'])).toEqual(['add0', 'add2']);
    expect(names([{ ends: 'whole', name: 'body' }])).toEqual(['body']);
    expect(names('whole')).toEqual(['whole']);
  });

  it('or is told what is there', () => {
    expect(refusal(net, { blocks: 'block*' })).toMatch(/no residual block of model 'longSkip' is called like .*; there are: add0, add1, add2, whole/);
    expect(refusal(net, { blocks: ['ad1'] })).toMatch(/has no layer 'ad1', so no block ends there; did you mean 'add1'\?/);
    expect(refusal(net, { blocks: ['c0a'] })).toMatch(/'c0a' is no add layer, so no block ends there/);
    expect(refusal(net, { blocks: ['add1', 'add0', 'add1'] })).toMatch(/block 'add1' is named twice/);
    expect(refusal(net, { blocks: [{ ends: 'add0', name: 'b' }, { ends: 'add1', name: 'b' }] })).toMatch(/block 'b' is named twice/); // biome-ignore format: a list
    expect(refusal(net, { blocks: ['add1', 'whole'] })).toMatch(/block 'add1' lies inside block 'whole', and blocks do not nest/);
    const optionError = (options: object) => expect(() => residualBlocks(net, options)).toThrow(expect.objectContaining({ code: 'HOOKLINE_OPTIONS' }));
    optionError({ blocks: [] });
    optionError({ block: 'add*' });
    optionError({ nested: 'inner' });
    optionError({ blocks: [{ end: 'add0' }] });
  });

  it('with the side that stays, where it cannot be told', () => {
    const x = input('x', 4);
    const y = add('sum', dense('a', x, 4, 'relu'), dense('c', dense('b', x, 4, 'relu')));
    const two = model(x, dense('head', y));
    expect(refusal(two, { blocks: ['sum'] })).toMatch(/'sum' does not end a residual block: none of 'a' and 'c' leads/);
    expect(residualBlocks(two, { blocks: [{ ends: 'sum', shortcut: 'a' }] })[0]).toMatchObject({ begins: 'x', layers: ['b', 'c'], shortcut: ['a'] });
    expect(residualBlocks(two, { blocks: [{ ends: 'sum', shortcut: 'c' }] })[0]).toMatchObject({ begins: 'x', layers: ['a'], shortcut: ['b', 'c'] });
    expect(refusal(two, { blocks: [{ ends: 'sum', shortcut: 'b' }] })).toMatch(/'b' is not one of its inputs, which are 'a' and 'c'/);
  });

  it('and hears of residuals that always run beside those found', () => {
    const x = input('x', 4);
    const inner = dense('inner', x, 4, 'relu');
    const first = add('first', x, dense('outer', inner));
    const second = add('second', first, dense('more', first, 4, 'relu'));
    const warned: string[] = [];
    expect(residualBlocks(model(x, [second, inner]), { warn: (line) => warned.push(line) }).map(({ name }) => name)).toEqual(['second']);
    expect(warned).toEqual(["residualBlocks: 'first' always runs: 'inner' inside its branch is an output of the model too"]);
  });
});

describe('the shares of the compute', () => {
  it('count each matrix and kernel as often as it is applied', () => {
    const image = input('image', 5, 5, 2);
    const convolved = tfl.layers.conv2d({ name: 'c', filters: 2, kernelSize: 3, padding: 'same', useBias: false }).apply(image) as Sym; // 25 · 18 · 2 + 50 = 950
    const sum = add('sum', image, convolved); // 50
    const out = dense('head', tfl.layers.flatten({ name: 'flat' }).apply(sum) as Sym, 3); // 50, 150 + 3
    expect(residualBlocks(model(image, out))[0]?.share).toBeCloseTo((950 + 50) / (950 + 50 + 50 + 153), 12);
    const series = input('series', 7, 3);
    const [q, k] = [dense('q', series, 5), dense('k', series, 5)]; // 7 · 15 + 35 = 140 each
    const scores = tfl.layers.dot({ name: 'scores', axes: [2, 2] }).apply([q, k]) as Sym; // 7 · 5 · 7 = 245
    const mixed = tfl.layers.dot({ name: 'mix', axes: [2, 1] }).apply([scores, series]) as Sym; // 7 · 7 · 3 = 147
    expect(residualBlocks(model(series, dense('end', add('plus', series, mixed), 1)))[0]?.share).toBeCloseTo(
      (280 + 245 + 147 + 21) / (280 + 245 + 147 + 21 + 28),
      12,
    );
  });
});
