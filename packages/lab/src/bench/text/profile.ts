import type { OpTime } from '@hookline/tfjs';
import { tableLines } from '../../start/table.js';
import type { BenchProfile } from '../profile.js';
import { milliseconds } from './common.js';

/** Ops that are shown; `--json` gives all. */
const SHOWN = 25;

/** 10⁹ operations a second of a matrix product, by its shapes. */
function gigaflops({ op, shapes, calls, milliseconds: time }: OpTime): string {
  if (!/MatMul/.test(op)) return '';
  const [first, , result] = [...shapes.matchAll(/\[([\d,]+)\]/g)].map(([, sizes]) => (sizes as string).split(',').map(Number));
  if (!first || !result) return '';
  const product = (sizes: readonly number[]): number => sizes.reduce((all, size) => all * size, 1);
  const inner = (product(first) * (result.at(-1) as number)) / product(result);
  return ((2 * product(result) * inner * calls) / time / 1e6).toFixed(0);
}

const opRows = (times: readonly OpTime[], step: number): string[][] =>
  times
    .slice(0, SHOWN)
    .map((one) => [
      `${one.op} ${one.shapes}`,
      one.calls.toFixed(0),
      milliseconds(one.milliseconds),
      `${((100 * one.milliseconds) / step).toFixed(1)} %`,
      gigaflops(one),
    ]);

export function profileLines({ parts, blocks, step, outside, opByOp, plainStep, rounds, dropout }: BenchProfile): readonly string[] {
  const total = parts.reduce((sum, { median }) => sum + median, 0);
  const rows = parts.map(({ part, median, quartiles, products }) => [
    part,
    milliseconds(median),
    quartiles.map(milliseconds).join(' – '),
    `${((100 * median) / total).toFixed(1)} %`,
    products === undefined ? '' : milliseconds(products),
  ]);
  const mean = (pass: 'forward' | 'backward'): string => milliseconds(blocks.reduce((sum, block) => sum + block[pass], 0) / Math.max(1, blocks.length));
  const columns = ['', 'calls', 'ms', 'of the step', 'GFLOP/s'];
  return [
    `The compiled step: ${milliseconds(step.median)} ms (${step.quartiles.map(milliseconds).join(' – ')}), ${rounds} steps${dropout > 0 ? `, dropout ${dropout}` : ''}`,
    ...tableLines({ columns: ['part', 'ms', 'quartiles', 'share', 'its products alone'], rows }),
    '',
    `A block: ${mean('forward')} ms forward, ${mean('backward')} ms backward, the mean of ${blocks.length}.`,
    '',
    'Single ops beside the graphs, in a compiled step',
    ...tableLines({ columns, rows: opRows(outside, step.median) }),
    '',
    `The same step op by op, ${milliseconds(plainStep)} ms: what each op takes by itself; graphs fuse and reorder them`,
    ...tableLines({ columns, rows: opRows(opByOp, plainStep) }),
  ];
}
