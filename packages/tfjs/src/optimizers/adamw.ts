/** The numbers of one AdamW step on one parameter. */
export interface AdamWStep {
  /** Factor on the gradient, from clipping and scaling. */
  readonly gradientScale: number;
  readonly beta1: number;
  readonly beta2: number;
  /** `1 − rate · weightDecay`, or 1. */
  readonly keep: number;
  /** `rate / (1 − beta1^t)`. */
  readonly stepSize: number;
  /** `1 / sqrt(1 − beta2^t)`. */
  readonly rootScale: number;
  readonly epsilon: number;
}

/** Bias corrections at step count t, 1 for the first; both 1 where there is no correction. */
export function corrections(beta1: number, beta2: number, t: number, biasCorrection: boolean): { readonly first: number; readonly rootScale: number } {
  return biasCorrection ? { first: 1 / (1 - beta1 ** t), rootScale: 1 / Math.sqrt(1 - beta2 ** t) } : { first: 1, rootScale: 1 };
}

/**
 * AdamW (Loshchilov & Hutter 2019) in PyTorch's order, decay first and epsilon outside the root:
 * `m = β1 m + (1−β1) g`, `v = β2 v + (1−β2) g²`, `out = keep · w − stepSize · m / (sqrt(v) · rootScale + ε)`.
 * `m` and `v` change in place; arithmetic is float64, storage float32. All arrays have one length.
 */
export function adamwArrays(w: Float32Array, g: Float32Array, m: Float32Array, v: Float32Array, out: Float32Array, step: AdamWStep): void {
  const { gradientScale, beta1, beta2, keep, stepSize, rootScale, epsilon } = step;
  const fresh1 = 1 - beta1;
  const fresh2 = 1 - beta2;
  const n = w.length;
  for (let i = 0; i < n; i++) {
    const gradient = (g[i] as number) * gradientScale;
    const first = beta1 * (m[i] as number) + fresh1 * gradient;
    const second = beta2 * (v[i] as number) + fresh2 * gradient * gradient;
    m[i] = first;
    v[i] = second;
    out[i] = keep * (w[i] as number) - (stepSize * first) / (Math.sqrt(second) * rootScale + epsilon);
  }
}
