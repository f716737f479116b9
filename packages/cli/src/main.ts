import { CommanderError } from 'commander';
import { commands } from './commands/index.js';
import { exitCodeOf, exitCodes, failureLine } from './failure.js';
import { type Output, processOutput } from './output.js';
import { createProgram } from './program.js';

/**
 * Runs the command line.
 * @param args what follows `hookline`
 * @returns the exit code: 0 done, 1 failed while running, 2 usage or input, 130 interrupted
 */
export async function main(args: readonly string[], output: Output = processOutput): Promise<number> {
  try {
    const program = createProgram(output, commands);
    if (args.length === 0) {
      program.outputHelp();
      return exitCodes.input;
    }
    await program.parseAsync(args, { from: 'user' });
    return exitCodes.done;
  } catch (error) {
    const code = exitCodeOf(error);
    const helped = error instanceof CommanderError && error.code === 'commander.help'; // a command that only has commands was given none
    if (code === exitCodes.done || helped) return code;
    output.err(`hookline: ${failureLine(error)}`);
    if (process.env['HOOKLINE_DEBUG'] && error instanceof Error && !(error instanceof CommanderError)) output.err(error.stack ?? '');
    return code;
  }
}
