import { tableLines } from '../../start/table.js';
import type { BenchEngines } from '../engines.js';
import { milliseconds, spread } from './common.js';

export function enginesLines({ figures, over, rows: size, missing }: BenchEngines): readonly string[] {
  const rows = figures.map(({ engine, step, speed, gigaflops, rate, device }) => [
    engine,
    milliseconds(step.median),
    step.quartiles.map(milliseconds).join(' – '),
    engine === over ? '1' : spread(speed),
    gigaflops < 10 ? gigaflops.toFixed(2) : gigaflops.toFixed(0),
    engine === over ? '1' : spread(rate),
    device,
  ]);
  return [
    ...tableLines({ columns: ['', 'ms a step', 'quartiles', `times as quick as ${over}`, 'GFLOP/s', `over ${over}`, 'computes with'], rows }),
    '',
    `GFLOP/s of a plain product of two ${size} x ${size} matrices.`,
    ...missing.map(({ engine, why }) => `Without ${engine}: ${why}.`),
  ];
}
