import { HooklineError } from '@hookline/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Attribute, GraphNode } from '../compile/graph.js';
import { type NativeBackend, nativeBackend } from '../compile/native.js';
import { openSession, type Session, type SessionCall } from '../compile/session.js';
import type { StepProgram } from './native-programs.js';
import type { GroupPass, HostMoments, Shape, Update } from './update-ops.js';

const float: Attribute = { kind: 'type', value: 1 };

const sizeOf = (shape: Shape): number => shape.reduce((product, n) => product * n, 1);

/** A graph of all that is done with a group: its step by parameter, and reading and writing its moments, which are variables in it. */
function passNodes<Step>(program: StepProgram<Step>, shapes: readonly Shape[]): readonly GraphNode[] {
  const nodes: GraphNode[] = [];
  const node = (name: string, op: string, inputs: readonly string[], attributes: Readonly<Record<string, Attribute>> = {}): string => {
    nodes.push({ name, op, inputs, attributes });
    return name;
  };
  const integer = (value: number): Attribute => ({ kind: 'integer', value });
  const fed = (name: string, shape: Shape): string => node(name, 'Placeholder', [], { dtype: float, shape: { kind: 'shape', value: shape } });

  const count = shapes.length * program.count;
  node('numbers', 'Placeholder', [], { dtype: float, shape: { kind: 'shape', value: [count] } });
  node('number', 'Unpack', ['numbers'], { T: float, num: integer(count), axis: integer(0) });
  const zero = node('zero', 'Const', [], { dtype: float, value: { kind: 'tensor', value: { dtype: 1, shape: [], bytes: new Uint8Array(4) } } });

  const written = shapes.flatMap((shape, i) => {
    const variable = (name: string): string =>
      node(`${name}${i}`, 'VarHandleOp', [], {
        dtype: float,
        shape: { kind: 'shape', value: shape },
        shared_name: { kind: 'text', value: `${name}${i}` },
        container: { kind: 'text', value: '' },
      });
    const [m, v, scratch] = ['m', 'v', 'scratch'].map(variable) as [string, string, string];
    const numbers = Array.from({ length: program.count }, (_, k) => `number:${i * program.count + k}`);
    let made = 0;
    const add = (op: string, inputs: readonly string[], attributes = {}): string => node(`p${i}_${made++}`, op, inputs, attributes);
    const next = program.write({ w: fed(`w${i}`, shape), g: fed(`g${i}`, shape), m, v, scratch, zero, numbers }, add);
    node(`next${i}`, 'Identity', [next], { T: float });
    return [m, v].map((moment) => {
      node(`read_${moment}`, 'ReadVariableOp', [moment], { dtype: float });
      return node(`write_${moment}`, 'AssignVariableOp', [moment, fed(`given_${moment}`, shape)], { dtype: float });
    });
  });
  node('written', 'Identity', [zero, ...written.map((name) => `^${name}`)], { T: float });
  return nodes;
}

const names = (prefix: string, places: readonly number[]): string[] => places.map((place) => `${prefix}${place}`);

/**
 * An optimizer on a group as a graph: one run when all of the group is updated, which is the rule, else one run for each parameter, so that there are at
 * most twice as many plans as parameters, whatever the gates do. Moments are variables of TensorFlow's and change in place.
 */
export function nativePass<Step>(backend: NativeBackend, program: StepProgram<Step>, shapes: readonly Shape[]): GroupPass<Step> {
  const { binding } = backend;
  const all = shapes.map((_, place) => place);
  const momentNames = all.flatMap((place) => [`m${place}`, `v${place}`]);
  const parts = new Map<string, SessionCall>();
  let session: Session | undefined;

  const part = (key: string, fed: () => readonly string[], fetched: () => readonly string[]): SessionCall => {
    const call = parts.get(key) ?? (session as Session).part(fed(), fetched());
    parts.set(key, call);
    return call;
  };

  /** Feeds arrays; their tensors are gone afterwards, so that a variable that took one has it alone and changes it in place. */
  const upload = <R>(arrays: readonly { readonly shape: Shape; readonly data: Float32Array }[], use: (ids: readonly number[]) => R): R => {
    const ids = arrays.map(({ shape, data }) => binding.createTensor(shape, binding.TF_FLOAT, data));
    try {
      return use(ids);
    } finally {
      for (const id of ids) binding.deleteTensor(id);
    }
  };

  const write = (moments: readonly HostMoments[]): void => {
    const arrays = moments.flatMap(({ m, v }, place) => [m, v].map((data) => ({ shape: shapes[place] as Shape, data })));
    const call = part(
      'write',
      () => momentNames.map((name) => `given_${name}`),
      () => ['written'],
    );
    for (const { id } of upload(arrays, call)) binding.deleteTensor(id);
  };

  const opened = (): void => {
    if (session) return;
    session = openSession(binding, passNodes(program, shapes));
    write(shapes.map((shape) => ({ m: new Float32Array(sizeOf(shape)), v: new Float32Array(sizeOf(shape)) })));
  };

  const run = (updates: readonly Update<Step>[]): tf.Tensor[] => {
    const places = updates.map(({ place }) => place);
    const numbers = new Float32Array(shapes.length * program.count);
    for (const { place, step } of updates) numbers.set(program.numbers(step), place * program.count);
    const call = part(
      places.join(),
      () => ['numbers', ...names('w', places), ...names('g', places)],
      () => names('next', places),
    );
    const fed = backend.getInputTensorIds([...updates.map(({ w }) => w), ...updates.map(({ g }) => g)]);
    const answered = upload([{ shape: [numbers.length], data: numbers }], (ids) => call([...ids, ...fed]));
    return answered.map((one) => backend.createOutputTensor(one));
  };

  return {
    update(updates) {
      if (nativeBackend() !== backend) {
        throw new HooklineError('HOOKLINE_ENGINE_CHANGED', `an optimizer of the native engine was asked for a step while the engine is '${tf.getBackend()}'`, {
          hint: 'load the native engine again, or make the learner anew',
        });
      }
      opened();
      return updates.length === shapes.length ? run(updates) : updates.flatMap((update) => run([update]));
    },
    read() {
      if (!session) return shapes.map((shape) => ({ m: new Float32Array(sizeOf(shape)), v: new Float32Array(sizeOf(shape)) }));
      const call = part(
        'read',
        () => [],
        () => momentNames.map((name) => `read_${name}`),
      );
      const arrays = call([]).map(({ id }) => {
        const copy = Float32Array.from(binding.tensorDataSync(id));
        binding.deleteTensor(id);
        return copy;
      });
      return shapes.map((_, place) => ({ m: arrays[2 * place] as Float32Array, v: arrays[2 * place + 1] as Float32Array }));
    },
    write(moments) {
      opened();
      write(moments);
    },
    dispose() {
      session?.close();
      session = undefined;
      parts.clear();
    },
  };
}
