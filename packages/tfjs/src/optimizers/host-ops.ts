import * as tf from '@tensorflow/tfjs-core';
import { type AdamWStep, adamwArrays } from './adamw.js';
import { type HostMemory, hostMemory, squares } from './host.js';
import { type LambStep, lambArrays } from './lamb.js';
import type { ParameterTensors, UpdateOps } from './update-ops.js';

/** Writes `out`, a tensor like the first input, from views of the inputs. */
type Loop = (out: Float32Array, inputs: readonly Float32Array[], attributes: Readonly<Record<string, unknown>>) => void;

const loops: Readonly<Record<string, { readonly inputs: readonly string[]; readonly loop: Loop }>> = {
  HooklineAdamW: {
    inputs: ['w', 'g', 'm', 'v'],
    loop: (out, inputs, { step }) => adamwArrays(...(inputs as [Float32Array, Float32Array, Float32Array, Float32Array]), out, step as AdamWStep),
  },
  HooklineLamb: {
    inputs: ['w', 'g', 'm', 'v'],
    loop: (out, inputs, { step }) => lambArrays(...(inputs as [Float32Array, Float32Array, Float32Array, Float32Array]), out, step as LambStep),
  },
  HooklineDecay: {
    inputs: ['w'],
    loop(out, [w], { factor }) {
      for (let i = 0; i < out.length; i++) out[i] = (factor as number) * (w?.[i] as number);
    },
  },
  HooklineLerp: {
    inputs: ['slot', 'w'],
    loop(out, [slot, w], { amount }) {
      for (let i = 0; i < out.length; i++) {
        const from = slot?.[i] as number;
        out[i] = from + (amount as number) * ((w?.[i] as number) - from);
      }
    },
  },
};

/** Runs a loop as a kernel of the backend, so that it is counted, profiled and tracked as any other; registered at first use. */
function run(name: string, inputs: Readonly<Record<string, tf.Tensor>>, attributes: Readonly<Record<string, unknown>>): tf.Tensor {
  const backendName = tf.getBackend();
  if (!tf.getKernel(name, backendName)) {
    const { inputs: order, loop } = loops[name] as (typeof loops)[string];
    tf.registerKernel({
      kernelName: name,
      backendName,
      kernelFunc({ inputs: given, attrs, backend }) {
        const memory = hostMemory(backend) as HostMemory;
        const tensors = order.map((key) => given[key] as tf.TensorInfo);
        const info = memory.allocate((tensors[0] as tf.TensorInfo).shape);
        loop(memory.view(info), tensors.map(memory.view), attrs as unknown as Readonly<Record<string, unknown>>);
        return info;
      },
    });
  }
  return tf.engine().runKernel(name, { ...inputs }, attributes as unknown as tf.NamedAttrMap) as tf.Tensor;
}

/**
 * The optimizer's pass as one loop over the backend's memory for each parameter: one kernel a parameter, float64 arithmetic, moments in
 * place. Weights and slots become new tensors, because the wasm backend keeps packed copies of matrices by tensor.
 */
export const hostOps: UpdateOps = {
  adamw: ({ w, g, m, v }: ParameterTensors, step) => ({ w: run('HooklineAdamW', { w, g, m, v }, { step }), m, v }),
  lamb: ({ w, g, m, v }: ParameterTensors, step) => ({ w: run('HooklineLamb', { w, g, m, v }, { step }), m, v }),
  decay: (w, factor) => run('HooklineDecay', { w }, { factor }),
  lerp: (slot, w, amount) => run('HooklineLerp', { slot, w }, { amount }),
  measure(xs, scalars) {
    const memory = hostMemory() as HostMemory;
    return { squares: xs.map((x) => squares(memory.view(x))), scalars: scalars.map((x) => memory.view(x)[0] as number) };
  },
};
