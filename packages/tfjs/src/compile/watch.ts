import * as tf from '@tensorflow/tfjs-core';
import { mayBeRandom, Refusal } from './hazards.js';
import type { Binding, NativeBackend } from './native.js';

const fromBuffer = 'seeded random numbers, or a table made in a tf.buffer, would be the same at each replay: pass them as an argument';

/** From now on, until the function that it answers with is called, assigning a variable is told to `onAssign`; then every variable has what it had before. */
export function undoAssignments(onAssign: (variable: tf.Variable, value: tf.Tensor) => void = () => undefined): () => void {
  const variables = tf.Variable.prototype;
  const { assign } = variables;
  const engine = tf.engine();
  const before = new Map<tf.Variable, object>();
  variables.assign = function assignForNow(this: tf.Variable, value: tf.Tensor) {
    onAssign(this, value);
    if (!before.has(this)) {
      engine.incRef(this, null as unknown as tf.KernelBackend); // what it holds outlives the assignment
      before.set(this, this.dataId);
    }
    assign.call(this, value);
  };
  return () => {
    variables.assign = assign;
    for (const [variable, dataId] of before) {
      if (!variable.isDisposed) engine.disposeTensor(variable);
      variable.dataId = dataId;
      if (variable.isDisposed) engine.disposeTensor(variable);
    }
  };
}

/**
 * Watches, while a function is traced, what it does in JavaScript: reading values, drawing random numbers with a seed: each throws a `Refusal`.
 * Assigning a variable is told to `onAssign`, and undone at the end. Numbers uploaded before the trace go through `binding`, so that they are no constants of it.
 * `used` gets every tensor that an op takes, by its id in the addon. The function that it answers with ends the watch.
 */
export function watchJavaScript(
  backend: NativeBackend,
  binding: Binding,
  used: Map<number, tf.Tensor>,
  onAssign: (variable: tf.Variable, value: tf.Tensor) => void,
): () => void {
  const born = new Set<object>();
  const own: NativeBackend = Object.getPrototypeOf(backend);
  let checkingIndices = false;

  const watched: Pick<NativeBackend, 'move' | 'getInputTensorIds' | 'readSync'> = {
    move(dataId, values, shape, dtype, refCount) {
      born.add(dataId);
      own.move.call(backend, dataId, values, shape, dtype, refCount);
    },
    getInputTensorIds(tensors) {
      return tensors.flatMap((tensor) => {
        const noting = backend.binding;
        if (tensor.dataId && !born.has(tensor.dataId)) backend.binding = binding;
        try {
          const ids = own.getInputTensorIds.call(backend, [tensor]);
          used.set(ids[0] as number, tensor);
          return ids;
        } finally {
          backend.binding = noting;
        }
      });
    },
    readSync(dataId) {
      if (!checkingIndices && !born.has(dataId)) throw new Refusal('values are read in JavaScript (dataSync, data, arraySync, array)');
      return own.readSync.call(backend, dataId);
    },
  };
  Object.assign(backend, watched);

  const gather = tf.getKernel('GatherV2', 'tensorflow');
  const gatherKernel = gather.kernelFunc;
  gather.kernelFunc = (parameters) => {
    checkingIndices = true; // it reads the indices only to check their range
    try {
      return gatherKernel(parameters);
    } finally {
      checkingIndices = false;
    }
  };

  const restore = undoAssignments(onAssign);
  const buffers = tf.TensorBuffer.prototype;
  const { toTensor } = buffers;
  buffers.toTensor = function toWatchedTensor(this: tf.TensorBuffer<tf.Rank>) {
    if (this.dtype === 'float32' && mayBeRandom(this.values)) throw new Refusal(fromBuffer);
    return toTensor.call(this);
  };

  return () => {
    for (const name of Object.keys(watched) as (keyof typeof watched)[]) delete (backend as Partial<NativeBackend>)[name];
    gather.kernelFunc = gatherKernel;
    restore();
    buffers.toTensor = toTensor;
  };
}
