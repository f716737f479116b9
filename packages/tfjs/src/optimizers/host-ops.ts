import * as tf from '@tensorflow/tfjs-core';
import { type HostBackend, type HostCall, type HostKernel, registerHostKernels, runKernel } from '../host-kernels/register.js';
import type { AdamWStep } from './adamw.js';
import { hostView, squares } from './host.js';
import type { LambStep } from './lamb.js';
import { adamwLoop, type Five, lambLoop, lerpLoop, scaleLoop } from './loops.js';
import type { ParameterOps, ParameterTensors } from './parameter-ops.js';

/** Views of the inputs, then of the output. */
type Loop = (arrays: readonly Float32Array[], call: HostCall) => void;

/** A kernel with one output, shaped like its first input. */
const loopKernel = (name: string, inputs: readonly [string, ...string[]], loop: Loop): HostKernel => ({
  name,
  run(call) {
    const info = call.output(call.shape(inputs[0]));
    loop([...inputs.map((input) => call.read(input) as Float32Array), call.write(info)], call);
    return info;
  },
});

const kernels: readonly HostKernel[] = [
  loopKernel('HooklineAdamW', ['w', 'g', 'm', 'v'], (arrays, { attribute }) =>
    adamwLoop(arrays as unknown as Five, {
      gradientScale: attribute('gradientScale'),
      beta1: attribute('beta1'),
      beta2: attribute('beta2'),
      keep: attribute('keep'),
      stepSize: attribute('stepSize'),
      rootScale: attribute('rootScale'),
      epsilon: attribute('epsilon'),
    }),
  ),
  loopKernel('HooklineLamb', ['w', 'g', 'm', 'v'], (arrays, { attribute }) =>
    lambLoop(arrays as unknown as Five, {
      gradientScale: attribute('gradientScale'),
      beta1: attribute('beta1'),
      beta2: attribute('beta2'),
      firstScale: attribute('firstScale'),
      rootScale: attribute('rootScale'),
      epsilon: attribute('epsilon'),
      weightDecay: attribute('weightDecay'),
      rate: attribute('rate'),
      trust: attribute('trust') === 1,
    }),
  ),
  loopKernel('HooklineDecay', ['w'], (arrays, { attribute }) => scaleLoop(arrays as unknown as [Float32Array, Float32Array], attribute('factor'))),
  loopKernel('HooklineLerp', ['slot', 'w'], (arrays, { attribute }) =>
    lerpLoop(arrays as unknown as [Float32Array, Float32Array, Float32Array], attribute('amount')),
  ),
];

/** Gives these loops to the backend in use, where its memory can be addressed; whether it can. */
export function prepareHostOps(): boolean {
  if (!hostView()) return false;
  registerHostKernels(tf.getBackend() as HostBackend, kernels);
  return true;
}

/**
 * The optimizer's pass as one loop over the backend's memory for each parameter: one kernel a parameter, moments in place, SIMD on wasm.
 * On wasm a SIMD loop takes a fraction of the time of a loop in JavaScript or of tensor ops, which are about equal.
 * Weights and slots become new tensors, because the wasm backend keeps packed copies of matrices by tensor.
 */
export const hostOps: ParameterOps = {
  adamw: ({ w, g, m, v }: ParameterTensors, step: AdamWStep) => ({ w: runKernel('HooklineAdamW', { w, g, m, v }, { ...step }), m, v }),
  lamb: ({ w, g, m, v }: ParameterTensors, step: LambStep) => ({ w: runKernel('HooklineLamb', { w, g, m, v }, { ...step, trust: step.trust ? 1 : 0 }), m, v }),
  decay: (w, factor) => runKernel('HooklineDecay', { w }, { factor }),
  lerp: (slot, w, amount) => runKernel('HooklineLerp', { slot, w }, { amount }),
  measure(xs, scalars) {
    const view = hostView() as (tensor: tf.Tensor) => Float32Array;
    return { squares: xs.map((x) => squares(view(x))), scalars: scalars.map((x) => view(x)[0] as number) };
  },
};
