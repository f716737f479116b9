import { tableLines } from '../../start/table.js';
import type { BenchStep } from '../step.js';
import { spread, timingColumns, timingRow } from './common.js';

export function stepLines({ timings, ratios, floors, torch, dropout }: BenchStep): readonly string[] {
  const ratio = (name: string): string[] => {
    const found = ratios.find((one) => one.name === name);
    if (found) return [spread(found), found.ours.toFixed(3)];
    return name === timings[0]?.name ? ['1', '1'] : ['', ''];
  };
  const floorLines = floors.map(
    (floor) =>
      `${floor.name}: ${floor.gigaflops.toFixed(0)} GFLOP/s in the step's matrix products; the step takes ${spread(floor)} times as long as they alone.`,
  );
  const rows = timings.map((timing) => [...timingRow(timing), ...ratio(timing.name)]);
  return [
    ...tableLines({ columns: [...timingColumns, 'times as long', 'hookline over it'], rows }),
    '',
    ...floorLines,
    ...(dropout > 0 ? [`Dropout ${dropout} in hookline and PyTorch, none in stock.`] : []),
    ...(torch
      ? [
          `PyTorch ${torch.version}, ${torch.threads} threads, ${torch.optimizer} AdamW; losses over 10 steps without dropout agreed within ${torch.lossDifference.toExponential(1)}.`,
        ]
      : []),
  ];
}
