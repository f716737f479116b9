import { HooklineError } from '@hookline/core';
import { whileRunning } from '@hookline/lab';
import { type EngineName, loadEngine } from '@hookline/tfjs';
import { installNative, removeNative } from '@hookline/tfjs/node';
import { Argument, type Command } from 'commander';
import { jsonLine, type Output } from '../output.js';
import type { AddCommand } from '../program.js';

interface Found {
  readonly name: EngineName;
  readonly available: boolean;
  readonly version?: string;
  readonly device?: string;
  readonly why?: string;
  /** What to do about a missing one. */
  readonly mend?: string;
}

interface InstallFlags {
  readonly gpu?: true;
  readonly dir?: string;
  readonly json?: true;
}

const names: readonly EngineName[] = ['native', 'wasm', 'cpu'];

/** Codes of what goes wrong in the course of an installation that was asked for rightly. */
const failures: readonly string[] = ['HOOKLINE_DOWNLOAD', 'HOOKLINE_CHECKSUM', 'HOOKLINE_DISK_FULL', 'HOOKLINE_ENGINE_BUILD', 'HOOKLINE_ENGINE_DAMAGED'];

async function find(name: EngineName): Promise<Found> {
  try {
    const { version, device } = await loadEngine(name);
    return { name, available: true, version, device };
  } catch (error) {
    if (!(error instanceof HooklineError)) throw error;
    const why = error.hint ? error.message.slice(0, -(error.hint.length + 2)) : error.message;
    return { name, available: false, why: why.replace(/^the native engine is not available: /, ''), mend: error.hint };
  }
}

const engineLine = ({ name, available, device, version, why, mend }: Found): string =>
  `${name.padEnd(7)} ${available ? `${device} (version ${version})` : `not here: ${why}; ${mend}`}`;

/** Of an archive whose size is unknown, what arrives is told in steps of so many bytes. */
const unknownStep = 256e6;

/** What has arrived, in words, as coarse as its reader wants; undefined where there is nothing to tell. */
export function arrival(bytes: number, of: number, interactive: boolean): string | undefined {
  if (of === 0) {
    const step = interactive ? 1e6 : unknownStep;
    const megabytes = (Math.floor(bytes / step) * step) / 1e6;
    return megabytes === 0 ? undefined : `${megabytes.toFixed(0)} MB`;
  }
  const percent = Math.floor((100 * bytes) / of);
  const step = interactive ? percent : 25 * Math.floor(percent / 25);
  return step === 0 ? undefined : `${step} % of ${(of / 1e6).toFixed(0)} MB`;
}

/** Shows what arrives: a line that is drawn over where a person watches, which `end` ends; else a line for each quarter. */
function byteReport(output: Output) {
  let shown = '';
  let drawn = false;
  return {
    show(file: string, bytes: number, of: number): void {
      const text = arrival(bytes, of, output.interactive);
      if (text === undefined || `${file} ${text}` === shown) return;
      shown = `${file} ${text}`;
      if (output.interactive) process.stdout.write(`\r  ${text}`);
      else output.out(`  ${text}`);
      drawn = output.interactive;
    },
    end(): void {
      if (drawn) process.stdout.write('\n');
      drawn = false;
    },
  };
}

function addInstall(engines: Command, output: Output): void {
  engines
    .command('install')
    .summary('install the native engine: TensorFlow on the CPU or a GPU')
    .description(
      "Installs the native engine into the user's cache: fetches tfjs-node and TensorFlow's library (274 MB; 0.9 GB unpacked) and compiles what joins them. Needs g++ and pip; changes nothing else.",
    )
    .addArgument(new Argument('<engine>', 'native; wasm and cpu come with hookline').choices(['native']))
    .option('--gpu', "take TensorFlow's library for NVIDIA GPUs (several GB); without a GPU the one for the CPU is taken")
    .option('--dir <directory>', "put it there instead of into the user's cache, which then links to it")
    .option('--json', 'one JSON object a line instead of text')
    .addHelpText('after', '\nExample:\n  hookline engines install native')
    .action(async (_: string, __: InstallFlags, command: Command) => {
      const { gpu, dir, json } = command.optsWithGlobals<InstallFlags>(); // --json is an option of the list, too
      const report = byteReport(output);
      const onBytes = json ? (file: string, bytes: number, of: number) => output.out(jsonLine({ event: 'bytes', file, bytes, of })) : report.show;
      const log = (text: string): void => {
        report.end();
        output.out(json ? jsonLine({ event: 'stage', text }) : text);
      };
      const installed = await installNative({ gpu: gpu === true, ...(dir === undefined ? {} : { directory: dir }), log, onBytes }).catch((error: unknown) => {
        report.end();
        throw error instanceof HooklineError && failures.includes(error.code) ? whileRunning(error) : error;
      });
      const { directory, manifest } = installed;
      if (json) return output.out(jsonLine({ event: 'result', directory, tensorflow: manifest.tensorflow, tfjs: manifest.tfjs, variant: manifest.variant }));
      return output.out(`installed: TensorFlow ${manifest.tensorflow} for the ${manifest.variant.toUpperCase()} in ${directory}; see \`hookline engines\``);
    });
}

function addRemove(engines: Command, output: Output): void {
  engines
    .command('remove')
    .summary('remove the native engine')
    .description("Removes the native engine from the user's cache, every version of it, and what unfinished installations left there.")
    .addArgument(new Argument('[engine]', 'native; wasm and cpu come with hookline').choices(['native']))
    .option('--json', 'one JSON object a line instead of text')
    .addHelpText('after', '\nExample:\n  hookline engines remove native')
    .action(async (_: string | undefined, __: unknown, command: Command) => {
      const { json } = command.optsWithGlobals<{ readonly json?: true }>();
      const removed = await removeNative();
      if (json) return output.out(jsonLine({ event: 'result', removed }));
      for (const directory of removed) output.out(`removed ${directory}`);
      if (removed.length === 0) output.out('no native engine is installed');
    });
}

export const addEngines: AddCommand = (program, output) => {
  const engines = program
    .command('engines')
    .summary('list the engines and which of them work here; install the fast one')
    .description('Lists the engines that models can compute with, in the order in which `auto` tries them, and which of them work here.')
    .option('--json', 'one JSON object a line instead of text')
    .addHelpText('after', '\nExamples:\n  hookline engines\n  hookline engines install native')
    .action(async (flags: { readonly json?: true }) => {
      for (const name of names) {
        const engine = await find(name);
        output.out(flags.json ? jsonLine(engine) : engineLine(engine));
      }
    });
  addInstall(engines, output);
  addRemove(engines, output);
};
