import { exportModel } from '@hookline/lab';
import { jsonLine } from '../output.js';
import type { AddCommand } from '../program.js';

const kinds = {
  mlm: 'with its head for masked words',
  pretraining: 'with its heads for masked words and sentence pairs',
  classifier: 'with its classifier',
  none: 'without a head',
} as const;

interface Flags {
  readonly out: string;
  readonly slot?: string;
  readonly json?: true;
}

export const addExport: AddCommand = (program, output) => {
  program
    .command('export')
    .summary("write a run's model for Hugging Face's transformers")
    .description(
      "Writes a run's model as a folder that Hugging Face's transformers loads: PostLN as bert, PreLN as roberta-prelayernorm, with config.json, model.safetensors and the tokenizer's files.",
    )
    .argument('<run>', 'RUN (its latest checkpoint), or RUN/checkpoints/step-…')
    .requiredOption('--out <directory>', 'where the folder is written; must be absent or empty')
    .option('--slot <name>', "'trained' weights, or a slot of averaged ones (default: ema where the run kept it, else trained)")
    .option('--json', 'one JSON object a line instead of text')
    .addHelpText('after', '\nExample:\n  hookline export runs/pld --out exported/pld')
    .action(async (run: string, flags: Flags) => {
      const exported = await exportModel(run, flags.out, { slot: flags.slot, onNotice: (line) => output.err(`hookline: ${line}`) });
      if (flags.json) return output.out(jsonLine(exported));
      return output.out(`${flags.out}: a ${exported.norm === 'pre' ? 'roberta-prelayernorm' : 'bert'} model ${kinds[exported.head]}`);
    });
};
