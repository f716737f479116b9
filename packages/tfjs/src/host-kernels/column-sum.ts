import type { HostKernel } from './register.js';

/** Sums of columns: x [N, H], y [H]. In float64, four rows at a time. */
export const columnSumKernel: HostKernel = {
  name: 'HooklineColumnSum',
  run: (call) => {
    const [rows, columns] = call.shape('x') as [number, number];
    const y = call.output([columns]);
    const x = call.read('x');
    const sums = new Float64Array(columns);
    let row = 0;
    for (; row + 4 <= rows; row += 4) {
      const a = row * columns;
      const b = a + columns;
      const c = b + columns;
      const d = c + columns;
      for (let j = 0; j < columns; j++) {
        sums[j] = (sums[j] as number) + (x[a + j] as number) + (x[b + j] as number) + (x[c + j] as number) + (x[d + j] as number);
      }
    }
    for (; row < rows; row++) {
      for (let j = 0; j < columns; j++) sums[j] = (sums[j] as number) + (x[row * columns + j] as number);
    }
    call.write(y).set(sums);
    return y;
  },
};
