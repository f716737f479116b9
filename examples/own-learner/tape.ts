/** Rows of numbers, one behind the other, and the gradient of the loss by each of them. */
export interface Vector {
  readonly data: Float64Array; // [rows · width]
  readonly gradient: Float64Array;
}

export const vector = (data: Float64Array): Vector => ({ data, gradient: new Float64Array(data.length) });

/** What has been computed, as the ways back: run from the last to the first, they carry the gradient of the output to everything before it. */
export type Tape = (() => void)[];

/** a·x + b·y */
export function mix(tape: Tape, a: number, x: Vector, b: number, y: Vector): Vector {
  const out = vector(x.data.map((value, i) => a * value + b * y.data[i]!));
  tape.push(() => {
    out.gradient.forEach((d, i) => {
      x.gradient[i]! += a * d;
      y.gradient[i]! += b * d;
    });
  });
  return out;
}

/** A layer with a residual connection: x + tanh(w · x), number by number; `into` is where the gradient of w is added. */
export function layer(tape: Tape, x: Vector, w: Float64Array, into: Float64Array | undefined): Vector {
  const width = w.length;
  const bent = x.data.map((value, i) => Math.tanh(w[i % width]! * value));
  const out = vector(x.data.map((value, i) => value + bent[i]!));
  tape.push(() => {
    out.gradient.forEach((d, i) => {
      const slope = d * (1 - bent[i]! ** 2);
      x.gradient[i]! += d + slope * w[i % width]!;
      if (into) into[i % width]! += slope * x.data[i]!;
    });
  });
  return out;
}
