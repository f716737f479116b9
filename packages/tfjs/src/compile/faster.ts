import type { Attribute } from './graph.js';
import type { Operation, Value } from './trace.js';

/** An op as it is written into a graph. */
export interface Written {
  readonly op: string;
  readonly inputs: readonly Value[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

const FLOAT = 1;

/** Whether a value is the constant [0]. */
const isAxis0 = (value: Value | undefined): boolean =>
  value?.kind === 'constant' && value.shape.length === 1 && value.shape[0] === 1 && value.bytes.every((byte) => byte === 0);

const truth = (attribute: Attribute | undefined): boolean => attribute?.kind === 'boolean' && attribute.value;

/**
 * The same op in a form that TensorFlow computes faster on a CPU: column sums by `BiasAddGrad` instead of `Sum`, a single product by
 * `MatMul` instead of `BatchMatMulV2`, unless the second factor is transposed; and `AddV2`, which graph optimizers know, instead of `Add`.
 */
export function fasterForm({ op, inputs }: Operation, attributes: Readonly<Record<string, Attribute>>): Written {
  const [first, second] = inputs;
  const type: Record<string, Attribute> = { T: { kind: 'type', value: first?.dtype ?? FLOAT } };
  if (op === 'Sum' && first?.dtype === FLOAT && first.shape.length === 2 && isAxis0(second) && !truth(attributes['keep_dims'])) {
    return { op: 'BiasAddGrad', inputs: [first], attributes: type };
  }
  if (op === 'BatchMatMulV2' && first?.dtype === FLOAT && first.shape.length === 2 && second?.shape.length === 2 && !truth(attributes['adj_y'])) {
    return {
      op: 'MatMul',
      inputs,
      attributes: { ...type, transpose_a: { kind: 'boolean', value: truth(attributes['adj_x']) }, transpose_b: { kind: 'boolean', value: false } },
    };
  }
  if (op === 'Add' && first?.dtype === FLOAT) return { op: 'AddV2', inputs, attributes };
  return { op, inputs, attributes };
}
