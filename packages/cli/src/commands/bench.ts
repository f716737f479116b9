import { glueTask } from '@hookline/glue';
import { readFineTuningSets, readForFineTuning } from '@hookline/glue/node';
import {
  type BenchOptions,
  type BenchResult,
  benchCnn,
  benchEngines,
  benchFinetune,
  benchHooks,
  benchLayers,
  benchLines,
  benchMemory,
  benchProfile,
  benchRecompute,
  benchSaving,
  benchShape,
  benchStep,
  cnnShape,
  engineShape,
  type TrainingShape,
} from '@hookline/lab';
import type { EngineName } from '@hookline/tfjs';
import { type Command, Option } from 'commander';
import { engineList, integer, megabytes, number } from '../arguments.js';
import { jsonLine, type Output } from '../output.js';
import type { AddCommand } from '../program.js';

interface Common {
  readonly rounds?: number;
  readonly json?: true;
}

/** What a benchmark is given besides its own flags. */
interface Given {
  readonly rounds?: number;
  readonly onRound: (done: number, of: number) => void;
}

interface About {
  readonly summary: string;
  readonly description: string;
  /** Default of `--rounds`. */
  readonly rounds: number;
  readonly example: string;
}

/** A benchmark with the flags that all have. */
function addBenchmark<F extends Common>(
  parent: Command,
  output: Output,
  name: string,
  { summary, description, rounds, example }: About,
  bench: (given: Given, flags: F, say: (line: string) => void) => Promise<BenchResult>,
): Command {
  return parent
    .command(name)
    .summary(summary)
    .description(description)
    .option('--rounds <n>', `rounds that are measured, each every contender once (default: ${rounds})`, integer(1))
    .option('--json', 'one JSON object a line instead of text')
    .addHelpText('after', `\nExample:\n  ${example}`)
    .action(async (flags: F) => {
      const say = (line: string): void => (flags.json ? undefined : output.err(line));
      const onRound = (done: number, of: number): void => say(`round ${done} of ${of}`);
      const result = await bench({ ...(flags.rounds === undefined ? {} : { rounds: flags.rounds }), onRound }, flags, say);
      if (flags.json) return output.out(jsonLine(result));
      for (const line of benchLines(result)) output.out(line);
    });
}

interface ShapeFlags extends Common {
  readonly layers: number;
  readonly hidden: number;
  readonly heads?: number;
  readonly batch: number;
}

/** The flags that choose a BERT. */
const withShape = (command: Command, defaults: TrainingShape): Command =>
  command
    .option('--layers <n>', 'blocks of the model', integer(1), defaults.numHiddenLayers)
    .option('--hidden <n>', 'hidden size; the feed-forward layer is four times as wide', integer(1), defaults.hiddenSize)
    .option('--heads <n>', 'attention heads (default: one for each 64 of the hidden size)', integer(1))
    .option('--batch <n>', `sequences of ${defaults.sequenceLength} tokens in a batch`, integer(1), defaults.batchSize);

const shapeOf = ({ layers, hidden, heads = Math.max(1, Math.floor(hidden / 64)), batch }: ShapeFlags): TrainingShape => ({
  ...benchShape,
  ...{ numHiddenLayers: layers, hiddenSize: hidden, intermediateSize: 4 * hidden, numAttentionHeads: heads, batchSize: batch },
});

interface EngineFlag {
  readonly engine: EngineName | 'auto';
}

const withEngine = (command: Command, standard: 'wasm' | 'native'): Command =>
  command.addOption(new Option('--engine <name>', 'what computes').choices(['wasm', 'cpu', 'native', 'auto']).default(standard));

interface StepFlags extends ShapeFlags, EngineFlag {
  readonly clock: 'wall' | 'cpu';
}

const withClock = (command: Command): Command =>
  command.addOption(new Option('--clock <name>', 'time on the wall, or processor time').choices(['wall', 'cpu']).default('wall'));

const stepOptions = (given: Given, flags: StepFlags): BenchOptions => ({ ...given, engine: flags.engine, clock: flags.clock, shape: shapeOf(flags) });

interface TorchFlag {
  readonly torch?: string;
}

const torchOf = ({ torch }: TorchFlag): TorchFlag => (torch === undefined ? {} : { torch });

function addStep(bench: Command, output: Output): void {
  const about: About = {
    summary: 'a training step against stock TensorFlow.js and PyTorch',
    description: 'Times a BERT step (128 tokens, V=8000, 20 masked a row) against the same model on stock TensorFlow.js, and in PyTorch.',
    rounds: 5,
    example: 'hookline bench step --engine native --torch ~/torch/bin/python',
  };
  const command = addBenchmark<StepFlags & TorchFlag & { readonly dropout: number }>(bench, output, 'step', about, (given, flags) =>
    benchStep({ ...stepOptions(given, flags), dropout: flags.dropout, ...torchOf(flags) }),
  );
  withShape(withClock(withEngine(command, 'wasm')), benchShape)
    .option('--torch <python>', 'also time PyTorch, in this Python, once its losses are seen to agree')
    .option('--dropout <p>', 'dropout while timed, of hookline and PyTorch', number(0, 0.9), 0);
}

function addSaving(bench: Command, output: Output): void {
  const about: About = {
    summary: 'what a dropped block saves, against models built without',
    description: 'Times steps with blocks dropped against models built with fewer blocks: whether a skipped block costs nothing.',
    rounds: 7,
    example: 'hookline bench saving --engine native --layers 12 --hidden 384 --batch 4',
  };
  const command = addBenchmark<StepFlags>(bench, output, 'saving', about, (given, flags) => benchSaving(stepOptions(given, flags)));
  withShape(withClock(withEngine(command, 'wasm')), benchShape);
}

function addMemory(bench: Command, output: Output): void {
  const about: About = {
    summary: 'peak resident memory, dense and with layer dropping, and in PyTorch',
    description:
      'Measures the peak of resident memory, each contender in fresh processes: the model dense, with Progressive Layer Dropping at theta 0.5, drawn both ways, and in PyTorch.',
    rounds: 3,
    example: 'hookline bench memory --layers 12 --hidden 384 --batch 4 --torch ~/torch/bin/python --limit 2000',
  };
  const command = addBenchmark<ShapeFlags & EngineFlag & TorchFlag & { readonly steps: number; readonly limit?: number }>(
    bench,
    output,
    'memory',
    about,
    (given, flags, say) => {
      const onBatch = (name: string, batch: number, peak: number): void => say(`${name}, batch ${batch}: ${(peak / 1e6).toFixed(0)} MB`);
      const { engine, steps, limit } = flags;
      return benchMemory({ ...given, engine, steps, shape: shapeOf(flags), ...torchOf(flags), ...(limit === undefined ? {} : { limit }), onBatch });
    },
  );
  withShape(withEngine(command, 'native'), benchShape)
    .option('--steps <n>', 'training steps in each process', integer(1), 8)
    .option('--torch <python>', 'also measure PyTorch, in this Python')
    .option('--limit <megabytes>', 'also find the largest batch whose peak stays under so many MB (10^6 bytes)', megabytes);
}

function addHooks(bench: Command, output: Output): void {
  const about: About = {
    summary: 'what hooks, gates, telemetry and metrics file take of a step',
    description:
      "Times the trainer with a usual set of plugins against bare calls of its learner that compute the same, and an event's cost by number of plugins.",
    rounds: 15,
    example: 'hookline bench hooks --engine native',
  };
  const command = addBenchmark<StepFlags>(bench, output, 'hooks', about, (given, flags) => benchHooks(stepOptions(given, flags)));
  withShape(withClock(withEngine(command, 'wasm')), benchShape);
}

function addEngines(bench: Command, output: Output): void {
  const about: About = {
    summary: 'the same small step on each engine',
    description: 'Times the same small step, and a plain matrix product, on each engine that is here, as ratios to wasm (or the slowest of those asked for).',
    rounds: 7,
    example: 'hookline bench engines --engines native,wasm',
  };
  const command = addBenchmark<ShapeFlags & { readonly engines?: readonly EngineName[] }>(bench, output, 'engines', about, (given, flags) =>
    benchEngines({ ...given, shape: shapeOf(flags), ...(flags.engines ? { engines: flags.engines } : {}) }),
  );
  withShape(command, engineShape).option('--engines <names>', 'those to compare, e.g. native,wasm,cpu (default: all that are here)', engineList);
}

function addCnn(bench: Command, output: Output): void {
  const { filters, batchSize, size } = cnnShape;
  const about: About = {
    summary: 'a CNN of tf.layers, compiled and op by op',
    description: `Times a training step of a residual CNN of tf.layers (${filters.join('-')} channels, images of ${size} x ${size}), its parts given to compile(), against the same op by op.`,
    rounds: 11,
    example: 'hookline bench cnn',
  };
  const command = addBenchmark<EngineFlag & Common & { readonly batch: number }>(bench, output, 'cnn', about, (given, { engine, batch }) =>
    benchCnn({ ...given, engine, shape: { ...cnnShape, batchSize: batch } }),
  );
  withEngine(command, 'native').option('--batch <n>', 'images in a batch', integer(1), batchSize);
}

function addLayers(bench: Command, output: Output): void {
  const about: About = {
    summary: 'whether a closed block of a tf.layers model costs nothing',
    description: 'Times a training step of a tf.layers model with half of its residual blocks closed against a model built with the other half.',
    rounds: 15,
    example: 'hookline bench layers --engine native',
  };
  const command = addBenchmark<EngineFlag & Common & Pick<StepFlags, 'clock'>>(bench, output, 'layers', about, (given, { engine, clock }) =>
    benchLayers({ ...given, engine, clock }),
  );
  withClock(withEngine(command, 'wasm'));
}

function addProfile(bench: Command, output: Output): void {
  const about: About = {
    summary: 'where the time of a step goes on the native engine',
    description: 'Splits a compiled step on the native engine into its parts, and the same step run op by op into its ops.',
    rounds: 9,
    example: 'hookline bench profile --layers 12 --hidden 384 --batch 4',
  };
  const command = addBenchmark<ShapeFlags & EngineFlag & { readonly dropout: number }>(bench, output, 'profile', about, (given, flags) =>
    benchProfile({ ...given, engine: flags.engine, dropout: flags.dropout, shape: shapeOf(flags) }),
  );
  withShape(withEngine(command, 'native'), benchShape).option('--dropout <p>', 'dropout of the model', number(0, 0.9), 0);
}

function addRecompute(bench: Command, output: Output): void {
  const about: About = {
    summary: 'what gradient checkpointing costs in time and saves in memory',
    description:
      'Times steps that keep the input of each block alone against steps that keep all activations, and measures the peak memory of both in fresh processes.',
    rounds: 9,
    example: 'hookline bench recompute --layers 12 --hidden 384 --batch 32',
  };
  const command = addBenchmark<StepFlags>(bench, output, 'recompute', about, (given, flags) => benchRecompute(stepOptions(given, flags)));
  withShape(withClock(withEngine(command, 'native')), benchShape);
}

interface FinetuneFlags extends Common, EngineFlag, TorchFlag {
  readonly checkpoint: string;
  readonly task: string;
  readonly data: string;
  readonly batch: number;
  readonly steps: number;
  readonly dropout: number;
}

function addFinetune(bench: Command, output: Output): void {
  const about: About = {
    summary: 'a step of fine-tuning against PyTorch',
    description:
      'Times a step of fine-tuning a checkpoint on a GLUE task, and the first steps of a training as a whole, against the same in PyTorch on the same tokens.',
    rounds: 15,
    example: 'hookline bench finetune --checkpoint models/minilm --task cola --torch ~/torch/bin/python',
  };
  const command = addBenchmark<FinetuneFlags>(bench, output, 'finetune', about, async (given, { checkpoint, task: name, data, batch, ...flags }) => {
    const task = glueTask(name);
    const [sets, model] = [await readFineTuningSets(task.name, data), await readForFineTuning(checkpoint)];
    return benchFinetune({
      ...given,
      task,
      sets,
      model,
      batchSize: batch,
      engine: flags.engine,
      steps: flags.steps,
      dropout: flags.dropout,
      ...torchOf(flags),
    });
  });
  withEngine(command, 'native')
    .requiredOption('--checkpoint <source>', 'a folder as transformers saves it, a name on the hub, or the directory of a run')
    .option('--task <name>', 'a GLUE task', 'cola')
    .option('--data <folder>', 'folder with a folder for each GLUE task', 'data/glue')
    .option('--torch <python>', 'also time PyTorch, in this Python, once its losses are seen to agree')
    .option('--batch <n>', 'rows in a batch', integer(1), 16)
    .option('--steps <n>', 'steps of the training that is timed as a whole', integer(1), 60)
    .option('--dropout <p>', 'dropout while timed', number(0, 0.9), 0.1);
}

export const addBench: AddCommand = (program, output) => {
  const bench = program
    .command('bench')
    .helpCommand(false)
    .summary('measure a step, a dropped block, memory, hooks, engines')
    .description('Benchmarks on this machine, each against something in the same run, in turns.');
  for (const add of [addStep, addSaving, addMemory, addHooks, addEngines, addCnn, addLayers, addProfile, addRecompute, addFinetune]) add(bench, output);
};
