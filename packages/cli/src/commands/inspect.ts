import { type CheckpointInspection, inspect, type RunInspection } from '@hookline/lab';
import { jsonLine } from '../output.js';
import type { AddCommand } from '../program.js';

const evaluated = ({ heldOutLoss, score }: Pick<RunInspection, 'heldOutLoss' | 'score'>): string =>
  heldOutLoss === undefined ? 'not evaluated' : `held-out loss ${heldOutLoss.toFixed(4)}${score === undefined ? '' : `, score ${score.toFixed(4)}`}`;

const runLines = (run: RunInspection): readonly string[] => [
  `run         ${run.directory}`,
  `model       ${run.model}`,
  `steps       ${run.steps}${run.of === undefined ? '' : ` of ${run.of}`} in ${run.seconds.toFixed(1)} s of training; ${evaluated(run)}`,
  ...(run.blocks.possible
    ? [`blocks      ${run.blocks.run} of ${run.blocks.possible} block runs (${((100 * run.blocks.run) / run.blocks.possible).toFixed(1)} %)`]
    : []),
  ...run.checkpoints.map((one) => `checkpoint  ${one.name}: ${one.damaged ?? `step ${one.step}, ${evaluated(one)}`}`),
];

const checkpointLines = (one: CheckpointInspection): readonly string[] => [
  `checkpoint  ${one.name}: step ${one.step}, ${one.position} batches read; every byte fits its checksum`,
  `parameters  ${one.parameters.toLocaleString('en')} in ${one.tensors.length} tensors${one.slots.length ? `; also in the slots ${one.slots.join(', ')}` : ''}`,
  `plugins     with state: ${one.plugins.join(', ') || 'none'}`,
  ...Object.entries(one.metrics).map(
    ([set, metrics]) =>
      `metrics     ${set}: ${Object.entries(metrics)
        .map(([name, value]) => `${name} ${value.toFixed(4)}`)
        .join(', ')}`,
  ),
  ...one.tensors.map(({ name, shape }) => `tensor      ${name} [${shape.join(', ')}]`),
];

export const addInspect: AddCommand = (program, output) => {
  program
    .command('inspect')
    .summary('look at a run or a checkpoint')
    .description('Shows what is in a run of pretrain, of finetune or of your own program, or in a checkpoint, whose every byte is then checked.')
    .argument('<path>', 'RUN, or RUN/checkpoints/step-…')
    .option('--json', 'one JSON object a line instead of text')
    .addHelpText('after', '\nExample:\n  hookline inspect runs/pld/checkpoints/step-00000100')
    .action(async (path: string, flags: { readonly json?: true }) => {
      for (const found of await inspect(path)) {
        if (flags.json) output.out(jsonLine(found));
        else for (const line of found.kind === 'run' ? runLines(found) : checkpointLines(found)) output.out(line);
      }
    });
};
