/** Whole numbers 0 to 2^32 − 1, added one by one. */
export interface GrowableIntegers {
  readonly length: number;
  push(value: number): void;
  pushAll(values: ArrayLike<number>): void;
  /** What was added, in an array of its own. */
  values(): Uint32Array;
}

/** A typed array that doubles as it fills: 4 bytes a number, where an array of numbers takes 8 or more. */
export function growableIntegers(capacity = 1024): GrowableIntegers {
  let buffer = new Uint32Array(capacity);
  let length = 0;
  const reserve = (needed: number): void => {
    if (needed <= buffer.length) return;
    const larger = new Uint32Array(Math.max(needed, buffer.length * 2));
    larger.set(buffer);
    buffer = larger;
  };
  return {
    get length() {
      return length;
    },
    push(value) {
      reserve(length + 1);
      buffer[length++] = value;
    },
    pushAll(values) {
      reserve(length + values.length);
      buffer.set(values, length);
      length += values.length;
    },
    values: () => buffer.slice(0, length),
  };
}
