import * as tf from '@tensorflow/tfjs-core';
import { type AdamWStep, adamwArrays } from './adamw.js';
import { add, div, mul, type SimdLoop, simdLoop, sqrt, sub } from './simd-loop.js';

/** What is used of the wasm backend 4.22. */
interface WasmBackend {
  readonly wasm?: { readonly asm?: { readonly memory?: unknown } };
}

/** AdamW as in `adamwArrays`, in float32; w, g, m, v and out are arrays 0 to 4. */
const compile = (memory: WebAssembly.Memory): SimdLoop =>
  simdLoop(memory, { arrays: 5, numbers: 9, temporaries: 3 }, ({ load, store, number, get, set }) => {
    const gradient = mul(load(1), number(0));
    const first = add(mul(number(1), load(2)), mul(number(2), get(0)));
    const second = add(mul(number(3), load(3)), mul(mul(number(4), get(0)), get(0)));
    const move = div(mul(number(6), get(1)), add(mul(sqrt(get(2)), number(7)), number(8)));
    return [set(0, gradient), set(1, first), set(2, second), store(2, get(1)), store(3, get(2)), store(4, sub(mul(number(5), load(0)), move))];
  });

const compiled = new WeakMap<object, SimdLoop | null>();

/** The loop in the memory of the wasm backend in use; undefined on other backends, and where there is no SIMD. */
function loopInUse(): SimdLoop | undefined {
  const memory = tf.getBackend() === 'wasm' ? (tf.backend() as unknown as WasmBackend).wasm?.asm?.memory : undefined;
  if (!(memory instanceof WebAssembly.Memory)) return undefined;
  let loop = compiled.get(memory);
  if (loop === undefined) {
    try {
      loop = compile(memory);
    } catch {
      loop = null; // no SIMD, or a memory shared between threads: the loop in JavaScript does it
    }
    compiled.set(memory, loop);
  }
  return loop ?? undefined;
}

/**
 * As `adamwArrays`. Where the arrays lie in the wasm backend's memory it runs in SIMD: float32 arithmetic, as PyTorch's, and a quarter of the
 * time. The last numbers, up to three, of an array whose length is no multiple of four are left to JavaScript.
 */
export function adamwFast(w: Float32Array, g: Float32Array, m: Float32Array, v: Float32Array, out: Float32Array, step: AdamWStep): void {
  const loop = loopInUse();
  const arrays = [w, g, m, v, out] as const;
  const whole = loop ? w.length - (w.length % 4) : 0;
  if (loop && whole > 0) {
    const { gradientScale, beta1, beta2, keep, stepSize, rootScale, epsilon } = step;
    const numbers = [gradientScale, beta1, 1 - beta1, beta2, 1 - beta2, keep, stepSize, rootScale, epsilon];
    loop(
      arrays.map((array) => array.byteOffset),
      whole,
      numbers,
    );
  }
  if (whole === w.length) return;
  const rest = arrays.map((array) => array.subarray(whole)) as unknown as typeof arrays;
  adamwArrays(...rest, step);
}
