import { squares } from './host.js';

/** The numbers of one LAMB step on one parameter. */
export interface LambStep {
  /** Factor on the gradient, from clipping and scaling. */
  readonly gradientScale: number;
  readonly beta1: number;
  readonly beta2: number;
  /** `1 / (1 − beta1^t)`. */
  readonly firstScale: number;
  /** `1 / sqrt(1 − beta2^t)`. */
  readonly rootScale: number;
  readonly epsilon: number;
  /** 0 for parameters without decay. */
  readonly weightDecay: number;
  readonly rate: number;
  /** Whether the step is scaled by |w| / |u|. */
  readonly trust: boolean;
}

/** `|w| / |u|`, 1 where either norm is 0. */
export const trustRatio = (wNorm: number, uNorm: number): number => (wNorm > 0 && uNorm > 0 ? wNorm / uNorm : 1);

/**
 * LAMB (You et al. 2020, algorithm 2, with phi the identity): `u = m̂ / (sqrt(v̂) + ε) + weightDecay · w`, `out = w − rate · |w|/|u| · u`.
 * `m` and `v` change in place; arithmetic and norms are float64, storage float32. All arrays have one length.
 */
export function lambArrays(w: Float32Array, g: Float32Array, m: Float32Array, v: Float32Array, out: Float32Array, step: LambStep): void {
  const { gradientScale, beta1, beta2, firstScale, rootScale, epsilon, weightDecay, rate, trust } = step;
  const n = w.length;
  for (let i = 0; i < n; i++) {
    const gradient = (g[i] as number) * gradientScale;
    const first = beta1 * (m[i] as number) + (1 - beta1) * gradient;
    const second = beta2 * (v[i] as number) + (1 - beta2) * gradient * gradient;
    m[i] = first;
    v[i] = second;
    out[i] = (first * firstScale) / (Math.sqrt(second) * rootScale + epsilon) + weightDecay * (w[i] as number);
  }
  const length = rate * (trust ? trustRatio(Math.sqrt(squares(w)), Math.sqrt(squares(out))) : 1);
  for (let i = 0; i < n; i++) out[i] = (w[i] as number) - length * (out[i] as number);
}
