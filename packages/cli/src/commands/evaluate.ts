import { evaluateRuns } from '@hookline/lab';
import { Option } from 'commander';
import { jsonLine } from '../output.js';
import type { AddCommand } from '../program.js';

interface Flags {
  readonly run: string;
  readonly split?: string;
  readonly best?: true;
  readonly engine: 'auto' | 'native' | 'wasm' | 'cpu';
  readonly json?: true;
}

export const addEvaluate: AddCommand = (program, output) => {
  program
    .command('evaluate')
    .summary('score a fine-tuned model on a labelled set')
    .description('Scores a run of `finetune`, each of its seeds, on the labelled sets of its task or on one that is named.')
    .requiredOption('--run <directory>', 'what `finetune` wrote')
    .option('--split <name>', "a set: dev, train, dev_mismatched, … (default: the task's sets besides train and test)")
    .option('--best', 'the best checkpoint on the first set, instead of the last')
    .addOption(new Option('--engine <name>', 'what computes').choices(['auto', 'native', 'wasm', 'cpu']).default('auto'))
    .option('--json', 'one JSON object a line instead of text')
    .addHelpText('after', '\nExample:\n  hookline evaluate --run runs/rte')
    .action(async (flags: Flags) => {
      const found = await evaluateRuns(flags.run, flags.split, {
        best: flags.best === true,
        engine: flags.engine,
        onNotice: (line) => output.err(`hookline: ${line}`),
      });
      for (const { directory, checkpoint, set, task, metrics } of found) {
        if (flags.json) output.out(jsonLine({ directory, checkpoint, set, task: task.name, metrics }));
        else
          output.out(
            `${directory}  ${set}: ${Object.entries(metrics)
              .map(([name, value]) => `${name} ${value.toFixed(4)}`)
              .join(', ')}`,
          );
      }
    });
};
