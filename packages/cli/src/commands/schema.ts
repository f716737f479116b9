import { finetuneJsonSchema, pretrainJsonSchema } from '@hookline/lab';
import { Argument } from 'commander';
import type { AddCommand } from '../program.js';

const schemas = { pretrain: pretrainJsonSchema, finetune: finetuneJsonSchema } as const;

export const addSchema: AddCommand = (program, output) => {
  program
    .command('schema')
    .summary('print the JSON Schema of a config file')
    .description('Prints the JSON Schema of the config file of a command, for editors that complete and check.')
    .addArgument(new Argument('[command]', 'whose').choices(Object.keys(schemas)).default('pretrain'))
    .addHelpText('after', '\nExamples:\n  hookline schema > hookline.schema.json\n  hookline schema finetune > hookline.finetune.schema.json')
    .action((command: keyof typeof schemas) => output.out(JSON.stringify(schemas[command](), undefined, 2)));
};
