/** Numbers with the gradient of the loss by them: a tensor of the smallest kind. Rows lie behind each other. */
export interface Vec {
  readonly values: Float64Array;
  readonly gradient: Float64Array;
}

export const vec = (values: Float64Array): Vec => ({ values, gradient: new Float64Array(values.length) });

/** How many operations ran: what is skipped must not count. */
export interface OperationCounts {
  forward: number;
  backward: number;
  /** Parameters that the optimizer touched. */
  updated: number;
}

/** A square weight matrix and where its gradient goes. */
export interface Matrix {
  readonly weights: Float64Array; // [H, H], output before input
  /** Made when the first gradient comes; undefined where none is wanted. */
  readonly gradient: () => Float64Array | undefined;
}

/** Reverse-mode differentiation: each operation runs, and records how its gradient goes back. */
export interface Tape {
  /** y = x Wᵀ, row by row. */
  linear(x: Vec, matrix: Matrix): Vec; // [N, H] -> [N, H]
  tanh(x: Vec): Vec;
  /** a·x + b·y */
  combine(a: number, x: Vec, b: number, y: Vec): Vec;
  /** x times given numbers. */
  scale(x: Vec, factors: Float64Array): Vec;
  /** Runs `body` now and again in the backward pass, keeping none of its activations in between. */
  recompute(x: Vec, body: (x: Vec) => Vec): Vec;
  /** Carries the gradients of outputs back to all inputs and matrices; empties the tape. */
  backward(): void;
  /** Forgets what was recorded. */
  clear(): void;
}

const addTo = (into: Float64Array, amount: (index: number) => number): void => {
  for (let i = 0; i < into.length; i++) into[i]! += amount(i);
};

/** @param width H, the length of a row */
export function createTape(width: number, counts: OperationCounts): Tape {
  let records: (() => void)[] = [];

  const record = (values: Float64Array, back: (gradient: Float64Array) => void): Vec => {
    const y = vec(values);
    counts.forward += 1;
    records.push(() => {
      counts.backward += 1;
      back(y.gradient);
    });
    return y;
  };
  const replay = () => {
    for (const back of records.reverse()) back();
    records = [];
  };
  /** Runs `fn` on a tape of its own. */
  const apart = <X>(fn: () => X): X => {
    const outer = records;
    records = [];
    try {
      return fn();
    } finally {
      records = outer;
    }
  };

  return {
    linear(x, matrix) {
      const { weights } = matrix;
      const rows = x.values.length / width;
      const out = new Float64Array(x.values.length);
      for (let n = 0; n < rows; n++) {
        for (let i = 0; i < width; i++) {
          let sum = 0;
          for (let k = 0; k < width; k++) sum += weights[i * width + k]! * x.values[n * width + k]!;
          out[n * width + i] = sum;
        }
      }
      return record(out, (dy) => {
        const dw = matrix.gradient();
        for (let n = 0; n < rows; n++) {
          for (let i = 0; i < width; i++) {
            const d = dy[n * width + i]!;
            for (let k = 0; k < width; k++) {
              if (dw) dw[i * width + k]! += d * x.values[n * width + k]!;
              x.gradient[n * width + k]! += d * weights[i * width + k]!;
            }
          }
        }
      });
    },
    tanh(x) {
      const out = x.values.map(Math.tanh);
      return record(out, (dy) => addTo(x.gradient, (i) => dy[i]! * (1 - out[i]! ** 2)));
    },
    combine(a, x, b, y) {
      const out = x.values.map((value, i) => a * value + b * y.values[i]!);
      return record(out, (d) => {
        addTo(x.gradient, (i) => a * d[i]!);
        addTo(y.gradient, (i) => b * d[i]!);
      });
    },
    scale(x, factors) {
      const out = x.values.map((value, i) => value * factors[i]!);
      return record(out, (dy) => addTo(x.gradient, (i) => dy[i]! * factors[i]!));
    },
    recompute(x, body) {
      const { values } = apart(() => body(vec(x.values)));
      return record(values, (dy) =>
        apart(() => {
          const again = vec(x.values);
          body(again).gradient.set(dy);
          replay();
          addTo(x.gradient, (i) => again.gradient[i]!);
        }),
      );
    },
    backward: replay,
    clear() {
      records = [];
    },
  };
}
