import type { CurvePoint } from './types.js';

/** At most `limit` points, evenly chosen, first and last among them. */
export function thin<A>(points: readonly A[], limit: number): readonly A[] {
  if (points.length <= limit) return points;
  return Array.from({ length: limit }, (_, i) => points[Math.round((i * (points.length - 1)) / (limit - 1))]!);
}

/** Centred running mean over `2 · radius + 1` points, fewer at both ends. */
export function runningMean(values: readonly number[], radius: number): readonly number[] {
  const sums = [0];
  for (const value of values) sums.push(sums.at(-1)! + value);
  return values.map((_, i) => {
    const from = Math.max(0, i - radius);
    const to = Math.min(values.length, i + radius + 1);
    return (sums[to]! - sums[from]!) / (to - from);
  });
}

/** The curve with its loss smoothed over a 25th of its length, so that the trend shows through the noise of single batches. */
export function smoothCurve(curve: readonly CurvePoint[]): readonly CurvePoint[] {
  const smooth = runningMean(
    curve.map((point) => point.loss),
    Math.floor(curve.length / 50),
  );
  return curve.map((point, i) => ({ ...point, loss: smooth[i]! }));
}

/** A stretch of steps over which a block's state does not change. */
export interface HeatCell {
  /** First step, from 0. */
  readonly from: number;
  /** One past the last step. */
  readonly to: number;
  /** Index of the block, from 0. */
  readonly block: number;
  /** Share of these steps in which the block ran, 0 to 1. */
  readonly share: number;
}

/**
 * Which block ran when, as few rectangles: steps are gathered into at most `columns` columns, and neighbours with the same share become one
 * cell. Cells in which the block never ran are left out.
 */
export function heatCells(active: readonly (readonly boolean[])[], columns: number): readonly HeatCell[] {
  const size = Math.max(1, Math.ceil(active.length / columns));
  const cells: HeatCell[] = [];
  const blocks = active[0]?.length ?? 0;
  for (let block = 0; block < blocks; block++) {
    let open: HeatCell | undefined;
    for (let from = 0; from < active.length; from += size) {
      const rows = active.slice(from, from + size);
      const share = rows.filter((row) => row[block]).length / rows.length;
      const to = from + rows.length;
      if (open && open.share === share) {
        open = { ...open, to };
        continue;
      }
      if (open && open.share > 0) cells.push(open);
      open = { from, to, block, share };
    }
    if (open && open.share > 0) cells.push(open);
  }
  return cells;
}
