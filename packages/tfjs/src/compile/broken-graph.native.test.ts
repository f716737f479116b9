/** A recorded graph that computes something else than the function is noticed: each op of each recording is broken in turn, and the comparison fails. */
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { checkConformance } from '../../test/check-conformance.js';
import { type ConformanceCase, conformanceCases } from '../../test/conformance/index.js';
import { loadEngine } from '../engines/index.js';
import type { Attribute, GraphNode } from './graph.js';

type Break = (node: GraphNode) => GraphNode | undefined;

const breaking = vi.hoisted(() => ({
  /** Which of the places that can be broken is; none below 0. */
  place: -1,
  places: 0,
  how: ((): undefined => undefined) as unknown as Break,
}));
vi.mock('./graph.js', async (original) => {
  const actual = await original<typeof import('./graph.js')>();
  const broken = (node: GraphNode): GraphNode => {
    const other = breaking.how(node);
    return other && breaking.places++ === breaking.place ? other : node;
  };
  return { ...actual, encodeSavedModel: (nodes: readonly GraphNode[]) => actual.encodeSavedModel(nodes.map(broken)) };
});

beforeAll(async () => {
  await loadEngine('native');
});

/** Another op of the same inputs, output and attributes. */
const otherOps: Readonly<Record<string, string>> = {
  ...{ AddV2: 'Sub', Add: 'Sub', Sub: 'AddV2', Mul: 'AddV2', RealDiv: 'Mul', Tanh: 'Sigmoid', Sigmoid: 'Tanh', Exp: 'Neg', Neg: 'Exp', Square: 'Neg' },
  ...{ Log: 'Sqrt', Sqrt: 'Log', Rsqrt: 'Sqrt', Erf: 'Tanh', Relu: 'Neg', Softmax: 'LogSoftmax', LogSoftmax: 'Softmax', Sum: 'Prod', Mean: 'Sum', Max: 'Min' },
  ...{ TanhGrad: 'SigmoidGrad', SigmoidGrad: 'TanhGrad' },
};
const flipped = (attribute: Attribute | undefined): Attribute | undefined =>
  attribute?.kind === 'boolean' ? { kind: 'boolean', value: !attribute.value } : undefined;

/** Ways in which a graph can be wrong and still be a graph. */
const breaks: Readonly<Record<string, Break>> = {
  'another op': (node) => (otherOps[node.op] ? { ...node, op: otherOps[node.op] as string } : undefined),
  'factors in the wrong order': (node) =>
    ['Sub', 'RealDiv', 'MatMul', 'BatchMatMulV2', 'Select', 'SelectV2'].includes(node.op) && node.inputs.length > 1
      ? { ...node, inputs: [...node.inputs.slice(0, -2), node.inputs.at(-1) as string, node.inputs.at(-2) as string] }
      : undefined,
  'a factor transposed': (node) => {
    const [name] = ['transpose_a', 'adj_x'].filter((key) => node.attributes[key]);
    const other = name === undefined ? undefined : flipped(node.attributes[name]);
    return other ? { ...node, attributes: { ...node.attributes, [name as string]: other } } : undefined;
  },
};

/**
 * Of each op the case with most numbers, in which a wrong one shows. Not logSoftmax: it moves its numbers by their maximum first, and any other move gives
 * the same.
 */
const cases = Object.entries(conformanceCases).flatMap(([name, one], _, all) => {
  const size = ({ inputs }: ConformanceCase): number => inputs.reduce((sum, { data }) => sum + data.length, 0);
  const op = (of: string): string => of.split(' [')[0] as string;
  const same = all.filter(([other]) => op(other) === op(name));
  const largest = same.every(([other, { inputs }]) => other === name || size({ ...one, inputs }) <= size(one));
  return largest && op(name) !== 'logSoftmax' ? [[name, one] as const] : [];
});

function fails(f: () => void): boolean {
  try {
    f();
    return false;
  } catch {
    return true;
  }
}

describe('a broken graph', () => {
  it.each(Object.keys(breaks))('fails the comparison: %s', (how) => {
    breaking.how = breaks[how] as Break;
    let broken = 0;
    const unnoticed: string[] = [];
    for (const [name, one] of cases) {
      breaking.place = -1;
      breaking.places = 0;
      checkConformance(one, 'compiled');
      const { places } = breaking;
      for (let place = 0; place < places; place++) {
        breaking.place = place;
        breaking.places = 0;
        broken += 1;
        if (!fails(() => checkConformance(one, 'compiled'))) unnoticed.push(`${name}, place ${place}`);
      }
    }
    console.log(`${how}: ${broken} graphs broken`);
    expect(broken).toBeGreaterThan(20);
    expect(unnoticed).toEqual([]);
  });
});
