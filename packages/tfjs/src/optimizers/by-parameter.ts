import * as tf from '@tensorflow/tfjs-core';
import type { ParameterOps, ParameterTensors, Updated } from './parameter-ops.js';
import { rulePass } from './rule-pass.js';
import type { GroupPass, Shape, UpdateOps } from './update-ops.js';

/** Moments as tensors, which a parameter's step replaces or changes in place. */
function tensorPass<Step>(shapes: readonly Shape[], advance: (at: ParameterTensors, step: Step) => Updated): GroupPass<Step> {
  interface Moments {
    readonly m: tf.Tensor;
    readonly v: tf.Tensor;
  }
  const moments: Moments[] = shapes.map((shape) => ({ m: tf.keep(tf.zeros([...shape])), v: tf.keep(tf.zeros([...shape])) }));

  const replace = (place: number, next: Moments): void => {
    const old = moments[place] as Moments;
    if (old.m !== next.m) old.m.dispose();
    if (old.v !== next.v) old.v.dispose();
    moments[place] = { m: tf.keep(next.m), v: tf.keep(next.v) };
  };

  return {
    update: (updates) =>
      updates.map(({ place, w, g, step }) => {
        const next = advance({ w, g, ...(moments[place] as Moments) }, step);
        replace(place, next);
        return next.w;
      }),
    read: () => moments.map(({ m, v }) => ({ m: new Float32Array(m.dataSync()), v: new Float32Array(v.dataSync()) })),
    write(given) {
      for (const [place, { m, v }] of given.entries()) {
        const shape = [...(shapes[place] as Shape)];
        replace(place, { m: tf.tensor(new Float32Array(m), shape, 'float32'), v: tf.tensor(new Float32Array(v), shape, 'float32') });
      }
    },
    dispose() {
      for (const { m, v } of moments) {
        m.dispose();
        v.dispose();
      }
    },
  };
}

/** Passes that go parameter by parameter, by the ops that are right when they are called. */
export const byParameter = (ops: () => ParameterOps): UpdateOps => ({
  together: false,
  adamw: (shapes) => tensorPass(shapes, (at, step) => ops().adamw(at, step)),
  lamb: (shapes) => tensorPass(shapes, (at, step) => ops().lamb(at, step)),
  ruled: (shapes, rule) => rulePass(rule, shapes),
  decay: (ws, factors) => ws.map((w, i) => ops().decay(w, factors[i] as number)),
  lerp: (slots, ws, amount) => slots.map((slot, i) => ops().lerp(slot, ws[i] as tf.Tensor, amount)),
  add: (xs, ys) => xs.map((x, i) => tf.add(x, ys[i] as tf.Tensor)),
  measure(groups, scalars) {
    const read = ops().measure(groups.flat(), scalars);
    let next = 0;
    return { squares: groups.map((group) => group.map(() => read.squares[next++] as number)), scalars: read.scalars };
  },
  free() {},
});
