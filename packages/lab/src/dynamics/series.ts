import type { MetricsLine } from '@hookline/core/node';

/** What is measured of each block. */
export type BlockFigure = 'gradientNorm' | 'distance' | 'cosine';

/** A number at a step, steps completed counted from 1. */
export interface Point {
  readonly step: number;
  readonly value: number;
}

/** What `blockStatistics` told of a run. */
export interface Dynamics {
  /** Names of the blocks, from the input up. */
  readonly blocks: readonly string[];
  /** By figure and block, over steps. */
  readonly figures: Readonly<Record<BlockFigure, readonly (readonly Point[])[]>>;
  /** The norm of what leaves the last block. */
  readonly top: { readonly train: readonly Point[]; readonly evaluate: readonly Point[] };
}

const isFigure = (name: string | undefined): name is BlockFigure => name === 'gradientNorm' || name === 'distance' || name === 'cosine';

const byNumber = new Intl.Collator('en', { numeric: true });

/**
 * The statistics of a run's blocks, from its metrics; undefined where it kept none.
 * @param set the evaluation set
 */
export function dynamicsOf(lines: readonly MetricsLine[], set: string): Dynamics | undefined {
  const found = new Map<string, Map<BlockFigure, Point[]>>();
  const top = { train: [] as Point[], evaluate: [] as Point[] };
  for (const line of lines) {
    if (line.event === 'evaluation' && line.set === set && line.metrics['topNorm'] !== undefined)
      top.evaluate.push({ step: line.step, value: line.metrics['topNorm'] });
    if (line.event !== 'step') continue;
    const step = line.index + 1;
    for (const [key, value] of Object.entries(line.report)) {
      if (key === 'topNorm') top.train.push({ step, value });
      const [, figure, block] = /^(\w+)\.(.+)$/.exec(key) ?? [];
      if (!block || !isFigure(figure)) continue;
      const own = found.get(block) ?? new Map<BlockFigure, Point[]>();
      found.set(block, own.set(figure, [...(own.get(figure) ?? []), { step, value }]));
    }
  }
  if (found.size === 0) return undefined;
  const blocks = [...found.keys()].sort(byNumber.compare);
  const of = (figure: BlockFigure) => blocks.map((block) => found.get(block)!.get(figure) ?? []);
  return { blocks, figures: { gradientNorm: of('gradientNorm'), distance: of('distance'), cosine: of('cosine') }, top };
}

/** The mean of the points of a stretch of a run; NaN where there is none. */
export function meanOver(points: readonly Point[], from: number, to: number): number {
  const inside = points.filter(({ step }) => step > from && step <= to);
  return inside.reduce((sum, { value }) => sum + value, 0) / inside.length;
}
