import { consoleProgress, interruptSignal } from '@hookline/core/node';
import { type FinetuneOptions, type FinetuneResult, finetune, resumeFinetuning, seedsTable, tableLines } from '@hookline/lab';
import { Interrupted } from '../failure.js';
import { jsonLine, type Output } from '../output.js';
import type { AddCommand } from '../program.js';
import { resumeFlags } from '../resume-flags.js';
import { addFinetuneFlags, type FinetuneFlags, finetuneConfigOf } from './finetune-flags.js';

/** Where a run is written unless it is said. */
const defaultRun = 'runs/finetune';

function optionsOf(flags: FinetuneFlags, output: Output, signal: AbortSignal): FinetuneOptions {
  const onNotice = (line: string): void => output.err(`hookline: ${line}`);
  if (flags.json) {
    return {
      signal,
      onNotice,
      onStage: (text) => output.out(jsonLine({ event: 'stage', text })),
      onTrainer: (trainer) => {
        trainer.on('step', (news) => output.out(jsonLine({ event: 'step', ...news })));
        trainer.on('evaluation', (news) => output.out(jsonLine({ event: 'evaluation', ...news })));
      },
    };
  }
  const stream = { write: (text: string) => process.stdout.write(text), isTTY: output.interactive, columns: process.stdout.columns ?? 80 };
  return { signal, onNotice, onStage: output.out, plugins: () => [consoleProgress({ stream })] };
}

function tell(result: FinetuneResult, flags: FinetuneFlags, output: Output): void {
  if (result.stopped) {
    const last = result.seeds.at(-1);
    if (!last) throw new Interrupted('stopped before the first step; nothing was written');
    throw new Interrupted(`stopped after step ${last.steps}, with a checkpoint; go on with: hookline finetune --resume ${result.directory}`);
  }
  if (flags.json) {
    output.out(jsonLine({ event: 'result', ...result }));
    return;
  }
  const table = seedsTable(result);
  for (const line of ['', table.title, ...tableLines(table), ...(table.caption ? [table.caption] : []), `report: ${result.report}`]) output.out(line);
}

async function run(flags: FinetuneFlags, output: Output): Promise<void> {
  const resume = flags.resume === undefined ? undefined : resumeFlags(flags);
  const signal = interruptSignal(
    () => output.interactive && output.err('hookline: finishing the step and saving a checkpoint; press Ctrl-C again to stop at once'),
  );
  try {
    const options = optionsOf(flags, output, signal);
    if (flags.resume !== undefined) return tell(await resumeFinetuning(flags.resume, { ...options, ...resume }), flags, output);
    return tell(await finetune(finetuneConfigOf(flags), flags.run ?? defaultRun, flags.seeds, options), flags, output);
  } finally {
    signal.dispose();
  }
}

const examples = `
Examples:
  hookline finetune --task rte --checkpoint models/minilm --data data/glue --seeds 5 --run runs/rte
  hookline finetune --task cola --checkpoint runs/pld --pld 0.9 --run runs/cola
  hookline finetune --train mine.tsv --dev mine-dev.tsv --text sentence --label label --checkpoint models/minilm
  hookline finetune --resume runs/cola`;

export const addFinetune: AddCommand = (program, output) => {
  const command = program
    .command('finetune')
    .summary('fine-tune a BERT on a GLUE task or on labelled texts of your own')
    .description(
      'Fine-tunes a checkpoint to classify texts or to score them. The run directory holds config.json (replayable), metrics.jsonl, checkpoints and report.html.',
    );
  addFinetuneFlags(command)
    .addHelpText('after', examples)
    .action((flags: FinetuneFlags) => run(flags, output));
};
