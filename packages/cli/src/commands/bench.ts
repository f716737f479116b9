import { type BenchOptions, benchLines, benchSaving, benchShape, benchStep } from '@hookline/lab';
import { type Command, Option } from 'commander';
import { integer, number } from '../arguments.js';
import { jsonLine, type Output } from '../output.js';
import type { AddCommand } from '../program.js';

interface Flags {
  readonly engine: 'auto' | 'wasm' | 'cpu' | 'native';
  readonly clock: 'wall' | 'cpu';
  readonly layers: number;
  readonly hidden: number;
  readonly heads?: number;
  readonly batch: number;
  readonly rounds?: number;
  readonly json?: true;
}

/** The flags of every benchmark of a training step. */
function addBenchmark<F extends Flags>(
  parent: Command,
  output: Output,
  name: string,
  { description, rounds, example, layers }: { description: string; rounds: number; example: string; layers: number },
  bench: (options: BenchOptions, flags: F) => Promise<Parameters<typeof benchLines>[0]>,
): Command {
  return parent
    .command(name)
    .description(description)
    .addOption(new Option('--engine <name>', 'what computes').choices(['wasm', 'cpu', 'native', 'auto']).default('wasm'))
    .addOption(new Option('--clock <name>', 'time on the wall, or processor time').choices(['wall', 'cpu']).default('wall'))
    .option('--layers <n>', 'blocks of the model', integer(1), layers)
    .option('--hidden <n>', 'hidden size; the feed-forward layer is four times as wide', integer(1), benchShape.hiddenSize)
    .option('--heads <n>', 'attention heads (default: one for each 64 of the hidden size)', integer(1))
    .option('--batch <n>', `sequences of ${benchShape.sequenceLength} tokens in a batch`, integer(1), benchShape.batchSize)
    .option('--rounds <n>', `timed rounds, each one step of every contender (default: ${rounds})`, integer(1))
    .option('--json', 'one JSON object a line instead of text')
    .addHelpText('after', `\nExample:\n  ${example}`)
    .action(async (flags: F) => {
      const { engine, clock, layers: numHiddenLayers, hidden, heads = Math.max(1, Math.floor(hidden / 64)), batch, rounds: given, json } = flags;
      const shape = { ...benchShape, numHiddenLayers, hiddenSize: hidden, intermediateSize: 4 * hidden, numAttentionHeads: heads, batchSize: batch };
      const onRound = (done: number, of: number): void => (json ? undefined : output.err(`round ${done} of ${of}`));
      const result = await bench({ engine, clock, shape, ...(given === undefined ? {} : { rounds: given }), onRound }, flags);
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
  const { numHiddenLayers: layers } = benchShape;
  const step = {
    description: 'Times a BERT step (128 tokens, V=8000, 20 masked a row) against the same model on stock TensorFlow.js, and in PyTorch.',
    rounds: 5,
    example: 'hookline bench step --engine native --torch ~/torch/bin/python',
    layers,
  };
  addBenchmark<Flags & { readonly torch?: string; readonly dropout: number }>(bench, output, 'step', step, (options, { torch, dropout }) =>
    benchStep({ ...options, dropout, ...(torch === undefined ? {} : { torch }) }),
  )
    .option('--torch <python>', 'also time PyTorch, in this Python, once its losses are seen to agree')
    .option('--dropout <p>', 'dropout while timed, of hookline and PyTorch', number(0, 0.9), 0);
  const saving = {
    description: 'Times steps with blocks dropped against models built with fewer blocks: whether a skipped block costs nothing.',
    rounds: 7,
    example: 'hookline bench saving --engine native --layers 12 --hidden 384 --batch 4',
    layers,
  };
  addBenchmark(bench, output, 'saving', saving, benchSaving);
};
