import { pretrainJsonSchema } from '@hookline/lab';
import type { AddCommand } from '../program.js';

export const addSchema: AddCommand = (program, output) => {
  program
    .command('schema')
    .summary('print the JSON Schema of the config file')
    .description('Prints the JSON Schema of the config file of `pretrain`, for editors that complete and check.')
    .addHelpText('after', '\nExample:\n  hookline schema > hookline.schema.json')
    .action(() => output.out(JSON.stringify(pretrainJsonSchema(), undefined, 2)));
};
