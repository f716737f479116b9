/** A binary heap whose first element comes before all others. */
export interface Heap<X> {
  push(value: X): void;
  /** Removes and gives the first, or undefined where there is none. */
  pop(): X | undefined;
}

export function heap<X>(comesBefore: (a: X, b: X) => boolean): Heap<X> {
  const values: X[] = [];
  const swap = (i: number, j: number): void => {
    const moved = values[i]!;
    values[i] = values[j]!;
    values[j] = moved;
  };
  return {
    push(value) {
      let i = values.push(value) - 1;
      while (i > 0) {
        const parent = (i - 1) >>> 1;
        if (!comesBefore(values[i]!, values[parent]!)) break;
        swap(i, parent);
        i = parent;
      }
    },
    pop() {
      const first = values[0];
      const last = values.pop();
      if (values.length === 0 || last === undefined) return first;
      values[0] = last;
      for (let i = 0; ; ) {
        let next = 2 * i + 1;
        if (next >= values.length) break;
        if (next + 1 < values.length && comesBefore(values[next + 1]!, values[next]!)) next++;
        if (!comesBefore(values[next]!, values[i]!)) break;
        swap(i, next);
        i = next;
      }
      return first;
    },
  };
}
