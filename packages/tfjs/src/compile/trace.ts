import * as tf from '@tensorflow/tfjs-core';
import { Refusal, reasonAgainst } from './hazards.js';
import type { Binding, NativeBackend, OpAttribute, TensorMetadata } from './native.js';
import { watchJavaScript } from './watch.js';

interface Typed {
  readonly shape: readonly number[];
  readonly dtype: number;
}

/** What an op of a trace takes: a tensor that the function was given, a variable, numbers made in JavaScript, or the output of another op. */
export type Value =
  | (Typed & { readonly kind: 'argument'; readonly index: number })
  | (Typed & { readonly kind: 'variable'; readonly variable: tf.Variable })
  | (Typed & { readonly kind: 'constant'; readonly bytes: Uint8Array })
  | (Typed & { readonly kind: 'output'; readonly operation: Operation; readonly index: number });

/** An op that was run. */
export interface Operation {
  readonly op: string;
  readonly attributes: readonly OpAttribute[];
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  /** Its place in the order in which the ops ran. */
  readonly index: number;
}

export interface Trace {
  readonly operations: readonly Operation[];
  /** Variables that were used without being given, in the order of their first use. */
  readonly variables: readonly tf.Variable[];
  /** What variables were assigned last; after the trace they hold again what they held before. */
  readonly assigned: ReadonlyMap<tf.Variable, Value>;
  /** What a tensor is in this trace; only while the traced function runs. */
  noted(tensor: tf.Tensor): Value;
}

let running: Trace | undefined;

/** Whether a function is being traced: what runs now runs for the record. */
export const tracing = (): boolean => running !== undefined;

const isEmpty = (shape: readonly number[]): boolean => shape.includes(0);

/** Graphs with nothing in one of their tensors can end the process: TensorFlow's optimizer of graphs divides by sizes. */
const emptiness = (what: string): Refusal => new Refusal(`${what} is empty`);

const sameShape = (a: readonly number[], b: readonly number[]): boolean => a.length === b.length && a.every((size, i) => size === b[i]);

/** Numbers as the addon takes them, in the representation of their dtype. */
function bytesOf(binding: Binding, dtype: number, values: unknown): Uint8Array {
  const kinds: Readonly<Record<number, (numbers: ArrayLike<number>) => Float32Array | Int32Array | Uint8Array>> = {
    [binding.TF_FLOAT]: (numbers) => Float32Array.from(numbers),
    [binding.TF_INT32]: (numbers) => Int32Array.from(numbers),
    [binding.TF_INT64]: (numbers) => Int32Array.from(numbers), // tfjs-node hands an int64 over as two words
    [binding.TF_BOOL]: (numbers) => Uint8Array.from(numbers),
  };
  const make = kinds[dtype];
  if (!make) throw new Refusal('a constant is neither float32, int32, nor bool');
  const numbers = make(values as ArrayLike<number>);
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
}

/** Whether an op answers with its first input unchanged. */
function passesOn(binding: Binding, op: string, input: Value | undefined, output: TensorMetadata): boolean {
  if (!input || input.dtype !== output.dtype || !sameShape(input.shape, output.shape)) return false;
  return op === 'Identity' || op === 'StopGradient' || op === 'Reshape' || (op === 'Cast' && input.dtype !== binding.TF_BOOL);
}

/**
 * Runs `f` op by op and notes what it does: every op of tfjs-node goes through its addon's `executeOp`. While it runs, the backend works with an
 * addon and methods that note and then do what they always do; at its end everything is as it was. `args` are what `f` may use, each with data
 * of its own. Throws a `Refusal` at the first thing that cannot be replayed.
 */
export function trace<R>(backend: NativeBackend, args: readonly tf.Tensor[], f: (trace: Trace) => R): { readonly trace: Trace; readonly result: R } {
  const { binding } = backend;
  const operations: Operation[] = [];
  const variables: tf.Variable[] = [];
  const assigned = new Map<tf.Variable, Value>();
  const values = new Map<number, Value>();
  const used = new Map<number, tf.Tensor>();
  const registered = new Map(Object.values(tf.engine().registeredVariables).map((variable) => [variable.dataId, variable]));

  const known = new Set(registered.values());

  for (const [index, tensor] of args.entries()) {
    const [id] = backend.getInputTensorIds([tensor]) as [number];
    values.set(id, { kind: 'argument', index, shape: tensor.shape, dtype: (backend.tensorMap.get(tensor.dataId) as Typed).dtype });
  }

  const capture = (id: number, op: string): Value => {
    const tensor = used.get(id);
    const variable = tensor && registered.get(tensor.dataId);
    if (!tensor || !variable) {
      const what = tensor ? `of shape [${tensor.shape}] ` : '';
      throw new Refusal(`${op} uses a tensor ${what}that the function was not given and that is no variable: pass it as an argument`);
    }
    const value: Value = { kind: 'variable', variable, shape: variable.shape, dtype: (backend.tensorMap.get(variable.dataId) as Typed).dtype };
    variables.push(variable);
    values.set(id, value);
    return value;
  };

  const note = (op: string, attributes: readonly OpAttribute[], inputIds: readonly number[], answered: readonly TensorMetadata[]): void => {
    const inputs = inputIds.map((id) => values.get(id) ?? capture(id, op));
    if (answered.some(({ shape }) => isEmpty(shape))) throw emptiness(`what ${op} answers`);
    const outputs: Value[] = [];
    const operation: Operation = { op, attributes: attributes.map((one) => ({ ...one })), inputs, outputs, index: operations.length };
    operations.push(operation);
    for (const [index, { id, shape, dtype }] of answered.entries()) {
      const made: Value = { kind: 'output', operation, index, shape: [...shape], dtype };
      outputs.push(made);
      const first = inputs[0];
      values.set(id, index === 0 && passesOn(binding, op, first, { id, shape, dtype }) ? (first as Value) : made);
    }
  };

  const noting = Object.create(binding, {
    executeOp: {
      value: (op: string, attributes: readonly OpAttribute[], inputIds: readonly number[], outputs: number) => {
        const reason = reasonAgainst(
          op,
          inputIds.every((id) => values.get(id)?.kind === 'constant'),
        );
        if (reason) throw new Refusal(reason);
        const answered = binding.executeOp(op, attributes, inputIds, outputs);
        try {
          note(op, attributes, inputIds, answered);
        } catch (error) {
          for (const { id } of answered) binding.deleteTensor(id); // no tensor has them yet
          throw error;
        }
        return answered;
      },
    },
    createTensor: {
      value: (shape: readonly number[], dtype: number, numbers: unknown) => {
        if (dtype === binding.TF_FLOAT && isEmpty(shape)) throw emptiness('a constant');
        const id = binding.createTensor(shape, dtype, numbers);
        values.set(id, { kind: 'constant', shape: [...shape], dtype, bytes: bytesOf(binding, dtype, numbers) });
        return id;
      },
    },
  }) as Binding;

  const made: Trace = {
    operations,
    variables,
    assigned,
    noted(tensor) {
      const [id] = backend.getInputTensorIds([tensor]) as [number];
      return values.get(id) ?? capture(id, 'the result');
    },
  };
  const assign = (variable: tf.Variable, value: tf.Tensor): void => {
    if (!known.has(variable)) throw new Refusal('a variable that the function makes is assigned');
    assigned.set(variable, made.noted(value));
  };
  if (running) throw new Error('a trace inside a trace');
  running = made;
  backend.binding = noting;
  const stop = watchJavaScript(backend, binding, used, assign);
  try {
    return { trace: made, result: f(made) };
  } finally {
    stop();
    backend.binding = binding;
    running = undefined;
  }
}
