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
 * The direction of LAMB (You et al. 2020, algorithm 2): `u = m̂ / (sqrt(v̂) + ε) + weightDecay · w`; the step is `w − rate · |w|/|u| · u`, with
 * phi the identity. `m` and `v` change in place; arithmetic is float64, storage float32. All arrays have one length.
 */
export function lambArrays(w: Float32Array, g: Float32Array, m: Float32Array, v: Float32Array, u: Float32Array, step: LambStep): void {
  const { gradientScale, beta1, beta2, firstScale, rootScale, epsilon, weightDecay } = step;
  const fresh1 = 1 - beta1;
  const fresh2 = 1 - beta2;
  const n = w.length;
  for (let i = 0; i < n; i++) {
    const gradient = (g[i] as number) * gradientScale;
    const first = beta1 * (m[i] as number) + fresh1 * gradient;
    const second = beta2 * (v[i] as number) + fresh2 * gradient * gradient;
    m[i] = first;
    v[i] = second;
    u[i] = (first * firstScale) / (Math.sqrt(second) * rootScale + epsilon) + weightDecay * (w[i] as number);
  }
}
