import * as tf from '@tensorflow/tfjs-core';
import type { AdamWStep } from './adamw.js';
import type { LambStep } from './lamb.js';
import type { ParameterOps, ParameterTensors } from './parameter-ops.js';

const moments = ({ g, m, v }: ParameterTensors, { gradientScale, beta1, beta2 }: AdamWStep | LambStep): [tf.Tensor, tf.Tensor] => [
  tf.add(tf.mul(m, beta1), tf.mul(g, (1 - beta1) * gradientScale)),
  tf.add(tf.mul(v, beta2), tf.mul(tf.square(g), (1 - beta2) * gradientScale ** 2)),
];

/** The optimizer's pass in ordinary tensor ops, float32, for any backend: 14 ops a parameter for AdamW, no read of the device but `measure`. */
export const tensorOps: ParameterOps = {
  adamw: (at, step) =>
    tf.tidy(() => {
      const [m, v] = moments(at, step);
      const update = tf.mul(tf.div(m, tf.add(tf.mul(tf.sqrt(v), step.rootScale), step.epsilon)), step.stepSize);
      return { w: tf.sub(tf.mul(at.w, step.keep), update), m, v };
    }),
  lamb: (at, step) =>
    tf.tidy(() => {
      const [m, v] = moments(at, step);
      const adam = tf.div(tf.mul(m, step.firstScale), tf.add(tf.mul(tf.sqrt(v), step.rootScale), step.epsilon));
      const u = step.weightDecay === 0 ? adam : tf.add(adam, tf.mul(at.w, step.weightDecay));
      if (!step.trust) return { w: tf.sub(at.w, tf.mul(u, step.rate)), m, v };
      const wNorm = tf.norm(at.w);
      const uNorm = tf.norm(u);
      const ratio = tf.where(tf.logicalAnd(tf.greater(wNorm, 0), tf.greater(uNorm, 0)), tf.div(wNorm, uNorm), tf.onesLike(wNorm));
      return { w: tf.sub(at.w, tf.mul(u, tf.mul(ratio, step.rate))), m, v };
    }),
  decay: (w, factor) => tf.mul(w, factor),
  lerp: (slot, w, amount) => tf.tidy(() => tf.add(slot, tf.mul(tf.sub(w, slot), amount))),
  measure(xs, scalars) {
    if (xs.length + scalars.length === 0) return { squares: [], scalars: [] };
    const numbers = tf.tidy(() => tf.stack([...xs.map((x) => tf.sum(tf.square(x))), ...scalars]).dataSync());
    return { squares: [...numbers.slice(0, xs.length)], scalars: [...numbers.slice(xs.length)] };
  },
};
