import { tableLines } from '../../start/table.js';
import type { BenchFinetune } from '../finetune.js';
import { spread, timingColumns, timingRow } from './common.js';

export const finetuneShapeLine = ({ task, model, batchSize, lengths: [least, median, most], dropout }: BenchFinetune): string =>
  `fine-tuning on ${task}: L=${model.layers} H=${model.hidden}, ${(model.parameters / 1e6).toFixed(1)} million parameters, batch ${batchSize} x ${least} to ${most} tokens (median ${median}), dropout ${dropout}`;

export const finetuneLines = ({ timings, ours, whole, torch }: BenchFinetune): readonly string[] => [
  ...tableLines({
    columns: [...timingColumns, 'hookline over it'],
    rows: timings.map((timing) => {
      const ratio = ours.find(({ over }) => over === timing.name);
      return [...timingRow(timing), ratio ? spread(ratio, 3) : '1'];
    }),
  }),
  '',
  `The first ${whole.steps} steps of a new training, recording included: ${whole.seconds.map(({ name, seconds }) => `${name} ${seconds.toFixed(1)} s`).join(', ')}.`,
  ...(torch
    ? [
        `PyTorch ${torch.version}, ${torch.threads} threads, ${torch.optimizer} AdamW; losses over 10 steps without dropout agreed within ${torch.lossDifference.toExponential(1)}.`,
      ]
    : []),
];
