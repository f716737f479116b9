import * as tf from '@tensorflow/tfjs-core';
import { type AdamWStep, adamwArrays } from './adamw.js';
import { squares } from './host.js';
import { type LambStep, lambArrays, trustRatio } from './lamb.js';
import { add, div, type LoopBody, type LoopShape, mul, type SimdLoop, simdLoop, sqrt, sub } from './simd-loop.js';

/** What is used of the wasm backend 4.22. */
interface WasmBackend {
  readonly wasm?: { readonly asm?: { readonly memory?: unknown } };
}

interface Program extends LoopShape {
  readonly write: (body: LoopBody) => readonly (readonly number[])[];
}

/** Temporaries 0 to 2: scaled gradient, first and second moment; w, g, m, v are arrays 0 to 3, numbers 0 to 4 scale, β1, 1−β1, β2, 1−β2. */
const moments = ({ load, store, number, get, set }: LoopBody) => [
  set(0, mul(load(1), number(0))),
  set(1, add(mul(number(1), load(2)), mul(number(2), get(0)))),
  set(2, add(mul(number(3), load(3)), mul(mul(number(4), get(0)), get(0)))),
  store(2, get(1)),
  store(3, get(2)),
];

const programs = {
  adamw: {
    arrays: 5,
    numbers: 9,
    temporaries: 3,
    write(body: LoopBody) {
      const { load, store, number, get } = body;
      const move = div(mul(number(6), get(1)), add(mul(sqrt(get(2)), number(7)), number(8)));
      return [...moments(body), store(4, sub(mul(number(5), load(0)), move))];
    },
  },
  lamb: {
    arrays: 5,
    numbers: 9,
    temporaries: 3,
    write(body: LoopBody) {
      const { load, store, number, get } = body;
      const adam = div(mul(number(5), get(1)), add(mul(sqrt(get(2)), number(6)), number(7)));
      return [...moments(body), store(4, add(adam, mul(number(8), load(0))))];
    },
  },
  /** out = a + factor · b. */
  sum: { arrays: 3, numbers: 1, temporaries: 0, write: ({ load, store, number }: LoopBody) => [store(2, add(load(0), mul(number(0), load(1))))] },
  /** out = a + factor · (b − a). */
  lerp: {
    arrays: 3,
    numbers: 1,
    temporaries: 0,
    write: ({ load, store, number }: LoopBody) => [store(2, add(load(0), mul(number(0), sub(load(1), load(0)))))],
  },
  /** out = factor · a. */
  scale: { arrays: 2, numbers: 1, temporaries: 0, write: ({ load, store, number }: LoopBody) => [store(1, mul(number(0), load(0)))] },
} satisfies Readonly<Record<string, Program>>;

type Name = keyof typeof programs;

const compiled = new WeakMap<object, Map<Name, SimdLoop | undefined>>();

/** A loop in the memory of the wasm backend in use; undefined on other backends, and where there is no SIMD. */
function simd(name: Name): SimdLoop | undefined {
  const memory = tf.getBackend() === 'wasm' ? (tf.backend() as unknown as WasmBackend).wasm?.asm?.memory : undefined;
  if (!(memory instanceof WebAssembly.Memory)) return undefined;
  const loops = compiled.get(memory) ?? new Map<Name, SimdLoop | undefined>();
  compiled.set(memory, loops);
  if (!loops.has(name)) {
    try {
      loops.set(name, simdLoop(memory, programs[name], programs[name].write));
    } catch {
      loops.set(name, undefined); // no SIMD, or a memory shared between threads
    }
  }
  return loops.get(name);
}

/**
 * Runs a loop in SIMD where the arrays lie in the wasm backend's memory: float32 arithmetic, as PyTorch's, and faster than JavaScript.
 * `plain` does the last numbers, up to three, of a length that is no multiple of four, and everything where there is no SIMD.
 */
function loop<A extends Float32Array[]>(name: Name, arrays: A, numbers: readonly number[], plain: (...arrays: A) => void): void {
  const length = (arrays[0] as Float32Array).length;
  const fast = simd(name);
  const whole = fast ? length - (length % 4) : 0;
  const offsets = arrays.map((array) => array.byteOffset);
  if (whole > 0) fast?.(offsets, whole, numbers);
  if (whole < length) plain(...(arrays.map((array) => array.subarray(whole)) as unknown as A));
}

/** w, g, m, v and the array to write, of one length. */
export type Five = [w: Float32Array, g: Float32Array, m: Float32Array, v: Float32Array, out: Float32Array];
type Three = [a: Float32Array, b: Float32Array, out: Float32Array];

const momentNumbers = ({ gradientScale, beta1, beta2 }: AdamWStep | LambStep): readonly number[] => [gradientScale, beta1, 1 - beta1, beta2, 1 - beta2];

/** `adamwArrays`, in SIMD where possible. */
export function adamwLoop(arrays: Five, step: AdamWStep): void {
  loop('adamw', arrays, [...momentNumbers(step), step.keep, step.stepSize, step.rootScale, step.epsilon], (...rest) => adamwArrays(...rest, step));
}

/** A whole LAMB step, in SIMD where possible; the norms of the trust ratio are float64. */
export function lambLoop(arrays: Five, step: LambStep): void {
  const [w, , , , out] = arrays;
  loop('lamb', arrays, [...momentNumbers(step), step.firstScale, step.rootScale, step.epsilon, step.weightDecay], (...rest) => lambArrays(...rest, step));
  const ratio = step.trust ? trustRatio(Math.sqrt(squares(w)), Math.sqrt(squares(out))) : 1;
  sumLoop([w, out, out], -step.rate * ratio);
}

/** out = a + factor · b; out may be b. */
function sumLoop(arrays: Three, factor: number): void {
  loop('sum', arrays, [factor], (a, b, out) => {
    for (let i = 0; i < out.length; i++) out[i] = (a[i] as number) + factor * (b[i] as number);
  });
}

/** out = a + amount · (b − a). */
export function lerpLoop(arrays: Three, amount: number): void {
  loop('lerp', arrays, [amount], (a, b, out) => {
    for (let i = 0; i < out.length; i++) out[i] = (a[i] as number) + amount * ((b[i] as number) - (a[i] as number));
  });
}

/** out = factor · a. */
export function scaleLoop(arrays: [a: Float32Array, out: Float32Array], factor: number): void {
  loop('scale', arrays, [factor], (a, out) => {
    for (let i = 0; i < out.length; i++) out[i] = factor * (a[i] as number);
  });
}
