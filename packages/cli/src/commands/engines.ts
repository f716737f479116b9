import { HooklineError } from '@hookline/core';
import { type EngineName, loadEngine } from '@hookline/tfjs';
import { jsonLine } from '../output.js';
import type { AddCommand } from '../program.js';

interface Found {
  readonly name: EngineName;
  readonly available: boolean;
  readonly version?: string;
  readonly device?: string;
  readonly why?: string;
}

const names: readonly EngineName[] = ['native', 'wasm', 'cpu'];

async function find(name: EngineName): Promise<Found> {
  try {
    const { version, device } = await loadEngine(name);
    return { name, available: true, version, device };
  } catch (error) {
    if (!(error instanceof HooklineError)) throw error;
    return { name, available: false, why: error.message };
  }
}

export const addEngines: AddCommand = (program, output) => {
  program
    .command('engines')
    .summary('list the engines and which of them work here')
    .description('Lists the engines that models can compute with, in the order in which `auto` tries them, and which of them work here.')
    .option('--json', 'one JSON object a line instead of text')
    .addHelpText('after', '\nExample:\n  hookline engines --json')
    .action(async (flags: { readonly json?: true }) => {
      for (const name of names) {
        const engine = await find(name);
        output.out(
          flags.json ? jsonLine(engine) : `${name.padEnd(7)} ${engine.available ? `${engine.device} (version ${engine.version})` : `not here: ${engine.why}`}`,
        );
      }
    });
};
