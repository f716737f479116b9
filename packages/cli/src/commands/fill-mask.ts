import { fillMask } from '@hookline/lab';
import { Option } from 'commander';
import { integer } from '../arguments.js';
import { jsonLine } from '../output.js';
import type { AddCommand } from '../program.js';

export const addFillMask: AddCommand = (program, output) => {
  program
    .command('fill-mask')
    .summary('let a trained model guess masked words')
    .description('Fills each [MASK] of a text with the likeliest tokens, by the weights of a run, of a checkpoint, or of a folder of Hugging Face.')
    .argument('<model>', 'RUN (its latest checkpoint), RUN/checkpoints/step-…, a folder of Hugging Face, or a name on its hub')
    .argument('<text>', "a text with [MASK], e.g. 'the state of the [MASK]'")
    .option('--top <n>', 'guesses for each mask', integer(1), 5)
    .addOption(new Option('--engine <name>', 'what computes').choices(['auto', 'native', 'wasm', 'cpu']).default('auto'))
    .option('--json', 'one JSON object a line instead of text')
    .addHelpText('after', "\nExample:\n  hookline fill-mask runs/pld 'the state of the [MASK]'")
    .action(async (model: string, text: string, flags: { readonly top: number; readonly engine: 'auto' | 'native' | 'wasm' | 'cpu'; readonly json?: true }) => {
      const masks = await fillMask(model, text, { top: flags.top, engine: flags.engine, onWarning: (message) => output.err(`hookline: ${message}`) });
      for (const [i, guesses] of masks.entries()) {
        if (flags.json) output.out(jsonLine({ mask: i, guesses }));
        else for (const guess of guesses) output.out(`${(100 * guess.probability).toFixed(1).padStart(5)} %  ${guess.token.padEnd(16)} ${guess.text}`);
      }
    });
};
