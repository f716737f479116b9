import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import type { Output } from './output.js';

/** Adds one command to the program. */
export type AddCommand = (program: Command, output: Output) => void;

const version = (): string => (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }).version;

/** The `hookline` command with these subcommands. It never ends the process: endings are thrown. */
export function createProgram(output: Output, commands: readonly AddCommand[]): Command {
  const program = new Command('hookline')
    .description('Train transformers with every step open to plugins.')
    .version(version(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand(false)
    .showHelpAfterError(false)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => output.out(text.replace(/\n$/, '')),
      writeErr: (text) => output.err(text.replace(/\n$/, '')),
      outputError: () => undefined,
    })
    .addHelpText(
      'after',
      '\nExit codes: 0 done; 1 failed while running; 2 usage, config or input is wrong; 130 interrupted after a checkpoint.\nStart here: hookline start',
    );
  for (const add of commands) add(program, output);
  return program;
}
