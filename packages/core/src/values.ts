/** A value now or later. */
export type Awaitable<A> = A | Promise<A>;

/** Objective to number of items that its loss is a mean over, e.g. `{ mlm: 160, nsp: 8 }`. */
export type Counts = Readonly<Record<string, number>>;

/** Name to value: losses by objective, metrics of an evaluation set, extra scalars of a step. */
export type Scalars = Readonly<Record<string, number>>;

/** Numbers in the memory of JavaScript, not of a tensor library. */
export type Host = Float64Array | Float32Array | Int32Array;

/** A tensor on its way to or from disk. */
export interface NamedTensor {
  readonly shape: readonly number[];
  readonly data: Host;
}

/** Tensors by name; what a learner saves and loads. */
export type Tensors = Readonly<Record<string, NamedTensor>>;
