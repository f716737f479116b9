/** Why a function cannot be recorded. It is run op by op then; only `compile` sees this error. */
export class Refusal extends Error {}

/** Draws numbers from a generator with a state of its own, or reads or writes something outside the graph. */
const stateful =
  /^(Random|Multinomial|TruncatedNormal|ParameterizedTruncatedNormal|VarHandleOp|ReadVariableOp|Assign|Resource|Summary|Write|Create|Print|Assert|ReadFile|Flush)/;

/** Has outputs whose shapes depend on numbers, not on shapes alone. */
const shapedByValues =
  /^(Unique|Where$|NonMaxSuppression|DynamicPartition|ListDiff|SparseFillEmptyRows|SparseReshape|Ragged|StringNGrams|StringSplit|Decode|Range$|LinSpace$)/;

/** Such of them that are harmless where the inputs that give the shape are constants. */
const harmlessWithConstants = /^(Range|LinSpace)$/;

/** The reason why an op cannot be part of a graph, if there is one. `constant`: whether all its inputs are constants. */
export function reasonAgainst(op: string, constant: boolean): string | undefined {
  if (stateful.test(op)) return `${op} keeps a state outside the graph (for random numbers, give a seed as a tensor)`;
  if (shapedByValues.test(op) && !(constant && harmlessWithConstants.test(op))) return `the shape of what ${op} answers depends on values`;
  return undefined;
}

/** Few enough distinct numbers to be a pattern, such as an identity matrix, rather than random numbers. */
const PATTERN = 2;

/**
 * Whether numbers made in JavaScript may be random: tfjs draws seeded random numbers (`tf.dropout` with a seed, `tf.randomUniform`) into a buffer,
 * equal at each trace, and a graph would repeat them for ever.
 */
export function mayBeRandom(values: Iterable<unknown>): boolean {
  const distinct = new Set<unknown>();
  for (const value of values) {
    distinct.add(value);
    if (distinct.size > PATTERN) return true;
  }
  return false;
}
