import { HooklineError } from '@hookline/core';
import { predictSet, predictText } from '@hookline/lab';
import { Option } from 'commander';
import { jsonLine } from '../output.js';
import type { AddCommand } from '../program.js';

interface Flags {
  readonly run: string;
  readonly split?: string;
  readonly out?: string;
  readonly text?: string;
  readonly text2?: string;
  readonly best?: true;
  readonly engine: 'auto' | 'native' | 'wasm' | 'cpu';
  readonly json?: true;
}

const usage = (message: string, hint: string): HooklineError => new HooklineError('HOOKLINE_USAGE', message, { hint });

export const addPredict: AddCommand = (program, output) => {
  program
    .command('predict')
    .summary("predict a task's test set, or a text")
    .description(
      "Predicts with a run of `finetune` (of several seeds, the first): a set of its GLUE task, written as the server takes it, a file of one's own that the run was given, written as CSV, or a text.",
    )
    .requiredOption('--run <directory>', 'what `finetune` wrote')
    .option('--split <name>', "a set, e.g. test: all files that the server wants of the task, or the run's --test; ax for a model of MNLI")
    .option('--out <folder>', 'where the files are written')
    .option('--text <text>', 'a text to predict')
    .option('--text2 <text>', 'the second text of a pair')
    .option('--best', 'the best checkpoint on the first set, instead of the last')
    .addOption(new Option('--engine <name>', 'what computes').choices(['auto', 'native', 'wasm', 'cpu']).default('auto'))
    .option('--json', 'one JSON object a line instead of text')
    .addHelpText(
      'after',
      "\nExamples:\n  hookline predict --run runs/rte --split test --out submission/\n  hookline predict --run runs/cola --text 'a sentence'",
    )
    .action(async (flags: Flags) => {
      const options = { best: flags.best === true, engine: flags.engine, onNotice: (line: string) => output.err(`hookline: ${line}`) };
      if (flags.text !== undefined) {
        const set = (['split', 'out'] as const).find((flag) => flags[flag] !== undefined);
        if (set) throw usage(`--${set} cannot be given beside --text`, 'predict a text, which is printed, or a set');
        const found = await predictText(flags.run, [flags.text, ...(flags.text2 === undefined ? [] : [flags.text2])], options);
        if (flags.json) return output.out(jsonLine(found));
        output.out(String(typeof found.prediction === 'number' ? found.prediction.toFixed(3) : found.prediction));
        for (const [label, share] of Object.entries(found.probabilities)) output.out(`${(100 * share).toFixed(1).padStart(5)} %  ${label}`);
        return;
      }
      if (flags.text2 !== undefined) throw usage('--text2 is given without --text', 'it is the second text of a pair');
      if (flags.split === undefined) throw usage('there is nothing to predict', "give --split test --out FOLDER, or --text 'a text'");
      if (flags.out === undefined) throw usage('--out is missing', 'name the folder where the predictions are written');
      const { run, files } = await predictSet(flags.run, flags.split, flags.out, options);
      if (flags.json) return output.out(jsonLine({ run, files }));
      for (const file of files) output.out(file);
    });
};
