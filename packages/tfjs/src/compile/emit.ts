import { fasterForm } from './faster.js';
import type { Attribute, GraphNode } from './graph.js';
import { Refusal } from './hazards.js';
import type { Binding, OpAttribute } from './native.js';
import type { Operation, Value } from './trace.js';

/** A graph for some values of a trace. */
export interface Emitted {
  readonly nodes: readonly GraphNode[];
  /** What has to be fed, each to the node `i0`, `i1`, …, in this order. */
  readonly inputs: readonly Value[];
  /** How many values it answers with, at the nodes `o0`, `o1`, …. */
  readonly outputs: number;
}

/** Types that tfjs-node leaves to TensorFlow to infer: attribute to the input that has it. */
const inferred: Readonly<Record<string, Readonly<Record<string, number>>>> = { ExpandDims: { T: 0, Tdim: 1 } };

function attributeOf(binding: Binding, { name, type, value }: OpAttribute): Attribute {
  const list = Array.isArray(value);
  switch (type) {
    case binding.TF_ATTR_TYPE:
      return list ? { kind: 'types', value } : { kind: 'type', value: value as number };
    case binding.TF_ATTR_INT:
      return list ? { kind: 'integers', value } : { kind: 'integer', value: value as number };
    case binding.TF_ATTR_FLOAT:
      return list ? { kind: 'floats', value } : { kind: 'float', value: value as number };
    case binding.TF_ATTR_BOOL:
      return list ? { kind: 'booleans', value } : { kind: 'boolean', value: value as boolean };
    case binding.TF_ATTR_STRING:
      return list ? { kind: 'texts', value } : { kind: 'text', value: value as string };
    case binding.TF_ATTR_SHAPE:
      return { kind: 'shape', value: value as number[] };
    default:
      throw new Refusal(`an attribute '${name}' is of an unknown type`);
  }
}

const typeOf = (value: Value): Attribute => ({ kind: 'type', value: value.dtype });

function attributesOf(binding: Binding, { op, attributes, inputs }: Operation): Record<string, Attribute> {
  const known = Object.fromEntries(attributes.map((one) => [one.name, attributeOf(binding, one)]));
  const missing = Object.entries(inferred[op] ?? {}).filter(([name]) => !known[name]);
  return { ...known, ...Object.fromEntries(missing.map(([name, input]) => [name, typeOf(inputs[input] as Value)])) };
}

/**
 * The graph that computes `wanted`. Where `fed` says so, a value is an input instead of being computed; arguments and variables always are.
 * Names follow the order of the visit alone: functions that do the same get the same graph, byte for byte.
 */
export function emit(binding: Binding, wanted: readonly Value[], fed: (value: Value) => boolean): Emitted {
  const nodes: GraphNode[] = [];
  const inputs: Value[] = [];
  const names = new Map<Value | Operation, string>();
  const constants = new Map<string, string>();

  const input = (value: Value): string => {
    const name = `i${inputs.length}`;
    inputs.push(value);
    nodes.push({ name, op: 'Placeholder', inputs: [], attributes: { dtype: typeOf(value), shape: { kind: 'shape', value: value.shape } } });
    return name;
  };
  const constant = (value: Value & { readonly kind: 'constant' }): string => {
    const { dtype, shape, bytes } = value;
    const key = bytes.length <= 64 ? `${dtype}[${shape}]${bytes}` : undefined;
    const same = key === undefined ? undefined : constants.get(key);
    if (same !== undefined) return same;
    const name = `c${constants.size}`;
    constants.set(key ?? name, name);
    nodes.push({ name, op: 'Const', inputs: [], attributes: { dtype: typeOf(value), value: { kind: 'tensor', value: { dtype, shape, bytes } } } });
    return name;
  };
  const isLeaf = (value: Value): boolean => value.kind !== 'output' || fed(value);
  const leaf = (value: Value): string => {
    const name = names.get(value) ?? (value.kind === 'constant' ? constant(value) : input(value));
    names.set(value, name);
    return `${name}:0`;
  };
  const reference = (value: Value): string => (isLeaf(value) || value.kind !== 'output' ? leaf(value) : `${names.get(value.operation)}:${value.index}`);

  /** Depth first, without recursion: traces are deeper than the stack. */
  const visit = (root: Value): void => {
    const stack: { readonly operation: Operation; next: number }[] = [];
    const enter = (value: Value): void => {
      if (value.kind === 'output' && !isLeaf(value) && !names.has(value.operation)) stack.push({ operation: value.operation, next: 0 });
    };
    enter(root);
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const { operation } = top;
      if (names.has(operation)) stack.pop();
      else if (top.next < operation.inputs.length) enter(operation.inputs[top.next++] as Value);
      else {
        stack.pop();
        const { op, inputs: taken, attributes } = fasterForm(operation, attributesOf(binding, operation));
        const from = taken.map(reference);
        const name = `n${nodes.length}`;
        names.set(operation, name);
        nodes.push({ name, op, inputs: from, attributes });
      }
    }
  };

  const sources = wanted.map((value) => {
    visit(value);
    return reference(value);
  });
  // what is fed cannot be fetched, and nothing can be fetched twice: hence the Identity
  for (const [i, from] of sources.entries()) nodes.push({ name: `o${i}`, op: 'Identity', inputs: [from], attributes: { T: typeOf(wanted[i] as Value) } });
  return { nodes, inputs, outputs: wanted.length };
}
