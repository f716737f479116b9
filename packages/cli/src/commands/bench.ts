import { benchLines, benchSaving, benchStep } from '@hookline/lab';
import { type Command, Option } from 'commander';
import { integer } from '../arguments.js';
import { jsonLine, type Output } from '../output.js';
import type { AddCommand } from '../program.js';

interface Flags {
  readonly engine: 'auto' | 'wasm' | 'cpu' | 'native';
  readonly clock: 'wall' | 'cpu';
  readonly rounds?: number;
  readonly json?: true;
}

type Bench = (options: {
  engine: Flags['engine'];
  clock: Flags['clock'];
  rounds?: number;
  onRound: (done: number, of: number) => void;
}) => Promise<Parameters<typeof benchLines>[0]>;

function addBenchmark(parent: Command, output: Output, name: string, description: string, bench: Bench, rounds: number): void {
  parent
    .command(name)
    .description(description)
    .addOption(new Option('--engine <name>', 'what computes').choices(['wasm', 'cpu', 'native', 'auto']).default('wasm'))
    .addOption(new Option('--clock <name>', 'time on the wall, or processor time').choices(['wall', 'cpu']).default('wall'))
    .option('--rounds <n>', `timed rounds (default: ${rounds})`, integer(1))
    .option('--json', 'one JSON object a line instead of text')
    .addHelpText('after', `\nExample:\n  hookline bench ${name} --engine wasm`)
    .action(async ({ engine, clock, rounds: given, json }: Flags) => {
      const onRound = (done: number, of: number): void => (json ? undefined : output.err(`round ${done} of ${of}`));
      const result = await bench({ engine, clock, ...(given === undefined ? {} : { rounds: given }), onRound });
      if (json) return output.out(jsonLine(result));
      for (const line of benchLines(result)) output.out(line);
    });
}

export const addBench: AddCommand = (program, output) => {
  const bench = program
    .command('bench')
    .helpCommand(false)
    .summary('time a step, or what a dropped block saves')
    .description('Benchmarks, interleaved, on this machine.');
  addBenchmark(bench, output, 'step', 'Times a BERT step (L=4 H=256, batch 8 x 128, V=8000) against the same model on stock TensorFlow.js.', benchStep, 5);
  addBenchmark(
    bench,
    output,
    'saving',
    'Times steps with 0 to L blocks open and a model without blocks: whether a skipped block costs nothing.',
    benchSaving,
    7,
  );
};
