import { type MessageWriter, messageWriter } from '@hookline/core';

/** A value of TensorFlow's `DataType`, e.g. 1 for float32, 3 for int32, 10 for bool. */
export type DataType = number;

/** A constant: row-major numbers in their own representation. */
export interface ConstantTensor {
  readonly dtype: DataType;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** An attribute of an operation, as in TensorFlow's attr_value.proto; a type given as a number is a `DataType`. */
export type Attribute =
  | { readonly kind: 'type' | 'integer' | 'float'; readonly value: number }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'shape'; readonly value: readonly number[] }
  | { readonly kind: 'tensor'; readonly value: ConstantTensor }
  | { readonly kind: 'types' | 'integers' | 'floats'; readonly value: readonly number[] }
  | { readonly kind: 'booleans'; readonly value: readonly boolean[] }
  | { readonly kind: 'texts'; readonly value: readonly string[] };

/** An operation of a graph. Inputs are `name:output` of other nodes. */
export interface GraphNode {
  readonly name: string;
  readonly op: string;
  readonly inputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** GraphDef versions: TensorFlow 2.x reads this producer and every older one. */
const PRODUCER = 1900;

const shapeMessage = (shape: readonly number[]): MessageWriter =>
  shape.reduce((message, size) => message.message(2, messageWriter().integer(1, size)), messageWriter());

const tensorMessage = ({ dtype, shape, bytes }: ConstantTensor): MessageWriter =>
  messageWriter().integer(1, dtype).message(2, shapeMessage(shape)).bytes(4, bytes);

function attributeMessage(attribute: Attribute): MessageWriter {
  const value = messageWriter();
  const list = messageWriter();
  switch (attribute.kind) {
    case 'text':
      return value.text(2, attribute.value);
    case 'integer':
      return value.integer(3, attribute.value);
    case 'float':
      return value.float(4, attribute.value);
    case 'boolean':
      return value.integer(5, attribute.value ? 1 : 0);
    case 'type':
      return value.integer(6, attribute.value);
    case 'shape':
      return value.message(7, shapeMessage(attribute.value));
    case 'tensor':
      return value.message(8, tensorMessage(attribute.value));
    case 'texts':
      for (const text of attribute.value) list.text(2, text);
      return value.message(1, list);
    case 'integers':
      for (const integer of attribute.value) list.integer(3, integer);
      return value.message(1, list);
    case 'floats':
      for (const float of attribute.value) list.float(4, float);
      return value.message(1, list);
    case 'booleans':
      for (const boolean of attribute.value) list.integer(5, boolean ? 1 : 0);
      return value.message(1, list);
    case 'types':
      for (const type of attribute.value) list.integer(6, type);
      return value.message(1, list);
  }
}

function nodeMessage({ name, op, inputs, attributes }: GraphNode): MessageWriter {
  const message = messageWriter().text(1, name).text(2, op);
  for (const input of inputs) message.text(3, input);
  for (const [key, attribute] of Object.entries(attributes)) message.message(5, messageWriter().text(1, key).message(2, attributeMessage(attribute)));
  return message;
}

/**
 * The bytes of a `saved_model.pb` that holds one graph without variables, tagged `serve` (TensorFlow's saved_model.proto, meta_graph.proto,
 * graph.proto, node_def.proto, attr_value.proto, tensor.proto).
 */
export function encodeSavedModel(nodes: readonly GraphNode[]): Uint8Array {
  const graph = messageWriter();
  for (const node of nodes) graph.message(1, nodeMessage(node));
  graph.message(4, messageWriter().integer(1, PRODUCER));
  const meta = messageWriter().message(1, messageWriter().text(4, 'serve')).message(2, graph);
  return messageWriter().integer(1, 1).message(2, meta).finish();
}
