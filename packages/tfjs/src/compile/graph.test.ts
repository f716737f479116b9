import { expect, it } from 'vitest';
import { type Attribute, encodeSavedModel } from './graph.js';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const text = (value: string) => Buffer.from(value).toString('hex');

/** A node of one attribute, as it stands in a file. */
const withAttribute = (attribute: Attribute) => hex(encodeSavedModel([{ name: 'n', op: 'O', inputs: ['a:0'], attributes: { k: attribute } }]));

it('writes a graph without nodes as TensorFlow reads it', () => {
  // SavedModel { 1: 1, 2: MetaGraph { 1: { 4: "serve" }, 2: Graph { 4: { 1: 1900 } } } }
  expect(hex(encodeSavedModel([]))).toBe(`0801${'1210'}${'0a07'}2205${text('serve')}${'1205'}2203${'08ec0e'}`);
});

it('writes nodes with their inputs, and attributes of every kind', () => {
  const cases: readonly (readonly [Attribute, string])[] = [
    [{ kind: 'type', value: 1 }, '3001'],
    [{ kind: 'integer', value: -1 }, '18ffffffffffffffffff01'],
    [{ kind: 'float', value: 0.5 }, '250000003f'],
    [{ kind: 'boolean', value: true }, '2801'],
    [{ kind: 'text', value: 'ab' }, '12026162'],
    [{ kind: 'shape', value: [2, 300] }, '3a0912020802120308ac02'],
    [{ kind: 'shape', value: [] }, '3a00'],
    [{ kind: 'tensor', value: { dtype: 3, shape: [1], bytes: Uint8Array.of(7, 0, 0, 0) } }, '420e0803120412020801220407000000'],
    [{ kind: 'types', value: [1, 3] }, '0a0430013003'],
    [{ kind: 'integers', value: [1, 2] }, '0a0418011802'],
    [{ kind: 'floats', value: [1] }, '0a05250000803f'],
    [{ kind: 'booleans', value: [true, false] }, '0a0428012800'],
    [{ kind: 'texts', value: ['a'] }, '0a03120161'],
  ];
  for (const [attribute, value] of cases) {
    const length = (content: string) => (content.length / 2).toString(16).padStart(2, '0');
    const entry = `0a01${text('k')}12${length(value)}${value}`;
    const node = `0a01${text('n')}1201${text('O')}1a03${text('a:0')}2a${length(entry)}${entry}`;
    expect(withAttribute(attribute), attribute.kind).toContain(`0a${length(node)}${node}`);
  }
});
