import { HooklineError } from '@hookline/core';
import * as tf from '@tensorflow/tfjs-core';
import { recording as taping } from '../learner/tape.js';
import type { NativeBackend, TensorMetadata } from './native.js';
import type { Feed, Recording, Source } from './recording.js';
import { timed } from './replay-times.js';

/** The part of the engine that runs an op with several outputs and a gradient of its own; `tf.customGrad` allows one output. */
interface OpRunner {
  runKernelFunc(op: {
    readonly forwardFunc: (backend: unknown, save: (tensors: readonly tf.Tensor[]) => void) => tf.Tensor[];
    readonly backwardsFunc: (dys: tf.Tensor | readonly tf.Tensor[], saved: readonly tf.Tensor[]) => Record<string, () => tf.Tensor>;
    readonly inputs: Readonly<Record<string, tf.Tensor>>;
  }): tf.Tensor[];
}

/** Makes tensors of what a graph answered. */
const tensorsOf = (backend: NativeBackend, answered: readonly TensorMetadata[]): tf.Tensor[] => answered.map((one) => backend.createOutputTensor(one));

function checkShapes(recording: Recording, outputs: readonly tf.Tensor[]): void {
  for (const [i, { shape }] of recording.result.tensors.entries()) {
    if (outputs[i]?.shape.join() !== shape.join()) {
      throw new HooklineError('HOOKLINE_COMPILE', `a recorded graph answered with shape [${outputs[i]?.shape}] instead of [${shape}]`, {
        hint: 'a shape depends on values: do not compile this function',
      });
    }
  }
}

/** Runs the graphs instead of the function; a tape that is recording gets one op whose gradient is the backward graph. */
export function replay(backend: NativeBackend, recording: Recording, args: readonly tf.Tensor[], name: string): tf.Tensor[] {
  const { forward, feeds, result, assigned, saved, backward } = recording;
  const own = result.tensors.length;
  const computed = own + assigned.length;
  const alive = (variable: tf.Variable): tf.Variable => {
    if (!variable.isDisposed) return variable;
    throw new HooklineError('HOOKLINE_COMPILE', `a compiled function uses the variable '${variable.name}', which is disposed of`, {
      hint: 'compile the function again with its new variables',
    });
  };
  const tensorOf = (source: Source): tf.Tensor => ('argument' in source ? (args[source.argument] as tf.Tensor) : alive(source.variable));
  const assign = (values: readonly tf.Tensor[]): void => {
    for (const [i, value] of values.entries()) {
      alive(assigned[i] as tf.Variable).assign(value);
      value.dispose();
    }
  };
  const runForward = (outputs: number): readonly TensorMetadata[] => {
    const ids = backend.getInputTensorIds(feeds.map(tensorOf));
    return timed(name, 'forward', () => forward.run(ids, outputs));
  };

  if (!backward || !taping()) {
    const tensors = tensorsOf(backend, runForward(computed));
    const outputs = tensors.slice(0, own);
    checkShapes(recording, outputs);
    assign(tensors.slice(own));
    return outputs;
  }

  const kept = backward.feeds.filter((feed): feed is Exclude<Feed, { dy: number }> => !('dy' in feed));
  return (tf.engine() as unknown as OpRunner).runKernelFunc({
    inputs: Object.fromEntries(backward.sources.map((source, i) => [i, tensorOf(source)])),
    forwardFunc(_, save) {
      const tensors = tensorsOf(backend, runForward(computed + saved));
      const outputs = tensors.slice(0, own);
      checkShapes(recording, outputs);
      save(kept.map((feed) => ('saved' in feed ? (tensors[computed + feed.saved] as tf.Tensor) : tensorOf(feed))));
      assign(tensors.slice(own, computed)); // after the save, which keeps what a variable held before
      return outputs;
    },
    backwardsFunc(given, savedTensors) {
      const all = Array.isArray(given) ? (given as readonly tf.Tensor[]) : [given as tf.Tensor];
      const dys = all.filter((_, i) => result.tensors[i]?.dtype === 'float32');
      let next = 0;
      const tensors = backward.feeds.map((feed) => ('dy' in feed ? dys[feed.dy] : savedTensors[next++]) as tf.Tensor);
      const ids = backend.getInputTensorIds(tensors);
      const answered = timed(name, 'backward', () => backward.graph.run(ids, backward.sources.length));
      const gradients = tensorsOf(backend, answered);
      for (const tensor of savedTensors) tensor.dispose(); // the tape would hold them until the whole backward pass is done
      return Object.fromEntries(gradients.map((gradient, i) => [i, () => gradient]));
    },
  });
}
