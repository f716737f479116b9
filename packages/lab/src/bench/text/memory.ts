import { tableLines } from '../../start/table.js';
import type { BenchMemory, LargestBatch } from '../memory.js';
import { megabytes, spread } from './common.js';

const largestLine = ({ name, batch, peak }: LargestBatch, limit: number): string =>
  batch === 0
    ? `${name}: not even a batch of 1 fits under ${megabytes(limit)} MB.`
    : `Largest batch under ${megabytes(limit)} MB, ${name}: ${batch} (peak ${megabytes(peak)} MB).`;

export function memoryLines({ figures, ratios, over, steps, largest, torch }: BenchMemory): readonly string[] {
  const ratio = (name: string): string => {
    const found = ratios.find((one) => one.name === name);
    return found ? spread(found, 3) : '1';
  };
  const rows = figures.map(({ name, median, quartiles, peaks, loaded }) => [
    name,
    megabytes(median),
    quartiles.map(megabytes).join(' – '),
    megabytes(loaded),
    megabytes(median - loaded),
    ratio(name),
    String(peaks.length),
  ]);
  return [
    ...tableLines({ columns: ['', 'peak, MB', 'quartiles', 'before the model', 'of training', `over ${over}`, 'processes'], rows }),
    '',
    `Peak resident memory by the kernel after ${steps} steps, each in a fresh process; MB are 10⁶ bytes. Before the model: with engine or library loaded.`,
    ...(largest?.batches ?? []).map((one) => largestLine(one, largest?.limit ?? 0)),
    ...(torch ? [`PyTorch ${torch.version}, ${torch.threads} threads, fused AdamW.`] : []),
  ];
}
