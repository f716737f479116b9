import { given, HooklineError } from '@hookline/core';
import { interruptSignal } from '@hookline/core/node';
import { type DoneCell, runStudy, type StudyCheckpoint, type StudyOptions, type StudySetting, tableLines } from '@hookline/lab';
import { Option } from 'commander';
import { integer, namesOf, number } from '../arguments.js';
import { Interrupted } from '../failure.js';
import { jsonLine, type Output } from '../output.js';
import type { AddCommand } from '../program.js';
import { addStudyDynamics } from './study-dynamics.js';
import { addStudyLesion } from './study-lesion.js';

interface Flags {
  readonly tasks: string;
  readonly checkpoints: string;
  readonly methods: string;
  readonly seeds: number;
  readonly data: string;
  readonly out: string;
  readonly learningRates?: readonly number[];
  readonly epochs?: number;
  readonly batchSize?: number;
  readonly allow?: string;
  readonly jobs: number;
  readonly engine: 'auto' | 'native' | 'wasm' | 'cpu';
  readonly json?: true;
}

/** A flag's `a,b`: at least one. */
function list(flag: string, text: string): readonly string[] {
  const parts = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  if (parts.length === 0) throw new HooklineError('HOOKLINE_USAGE', `${flag} names nothing`, { hint: 'see --help' });
  return parts;
}

const rates = (text: string): readonly number[] => list('--learning-rates', text).map(number(0));

/** `postln=A` as a checkpoint. */
function named(part: string): StudyCheckpoint {
  const [name, ...path] = part.split('=');
  if (name !== '' && path.join('=') !== '') return { name: name!, path: path.join('=') };
  throw new HooklineError('HOOKLINE_USAGE', `'${part}' in --checkpoints is no name=path`, {
    hint: 'write e.g. --checkpoints postln=models/minilm,preln=runs/pld',
  });
}

/** The line of a run that is done. */
function cellLine({ cell, outcome: { score, failed, brokeOff, seconds } }: DoneCell): string {
  if (brokeOff !== undefined) return `${cell.name}: broke off: ${brokeOff}`;
  return `${cell.name}: ${score === null ? 'none' : score.toFixed(4)}${failed ? ' (failed)' : ''} in ${seconds!.toFixed(0)} s`;
}

async function run(flags: Flags, output: Output): Promise<void> {
  const { learningRates, epochs, batchSize } = flags;
  const options: StudyOptions = {
    tasks: list('--tasks', flags.tasks),
    checkpoints: list('--checkpoints', flags.checkpoints).map(named),
    methods: list('--methods', flags.methods) as readonly StudySetting[],
    seeds: flags.seeds,
    data: flags.data,
    engine: flags.engine,
    ...given({ learningRates, epochs, batchSize, allow: namesOf(flags.allow) as StudyOptions['allow'] }),
  };
  const signal = interruptSignal();
  try {
    const { cells, of, tables, report } = await runStudy(options, flags.out, {
      command: [process.execPath, process.argv[1]!],
      jobs: flags.jobs,
      signal,
      onNotice: (line) => output.err(`hookline: ${line}`),
      onCell: (cell, { done, of, secondsLeft }) =>
        output.out(
          flags.json
            ? jsonLine({ event: 'cell', name: cell.cell.name, ...cell.outcome, done, of, secondsLeft })
            : `${done}/${of}  ${cellLine(cell)}; about ${Math.ceil(secondsLeft / 60)} min left`,
        ),
    });
    if (cells.length < of) throw new Interrupted(`${cells.length} of ${of} runs are done; the same command goes on`);
    if (flags.json) return output.out(jsonLine({ event: 'result', tables, report }));
    for (const table of tables) for (const line of ['', table.title, ...tableLines(table)]) output.out(line);
    return output.out(`report: ${report}`);
  } finally {
    signal.dispose();
  }
}

export const addStudy: AddCommand = (program, output) => {
  const study = program.command('study').summary('ask a question of many runs').description('Questions that take many runs.');
  study
    .command('stability')
    .summary('is fine-tuning stable, by checkpoint and by method?')
    .description(
      'Fine-tunes every task with several seeds: each checkpoint dense, and each method of dropping blocks on the first checkpoint. Run again, it goes on where it stopped.',
    )
    .requiredOption('--checkpoints <list>', 'name=path, with commas between; methods are tried on the first')
    .option('--tasks <list>', 'GLUE tasks, with commas between', 'cola,rte,stsb')
    .option(
      '--methods <list>',
      'none, pld, layerdrop, stochastic-depth, with a strength of your own e.g. pld=0.8; none-x3 (three times the epochs)',
      'none,pld,layerdrop,stochastic-depth,none-x3',
    )
    .option('--seeds <n>', 'runs of each setting; spread is judged from 10 on', integer(1), 10)
    .option('--data <folder>', 'folder with a folder for each GLUE task', 'data/glue')
    .option('--out <directory>', 'where the runs and report.html go', 'runs/stability')
    .option('--learning-rates <list>', "peak rates, with commas between, each in tables of its own (default: the recipe's for the width)", rates)
    .option('--epochs <n>', 'passes over the training set (default: 3; 5 for MRPC and WNLI)', number(0))
    .option('--batch-size <n>', 'rows a batch (default: 16)', integer(1))
    .option('--allow <names>', "in what the checkpoints' weights may differ from their configuration: missing, surplus, shape, vocabulary (default: nothing)")
    .option('--jobs <n>', "runs at a time, each on its share of the processor's threads: more runs an hour, each of them slower", integer(1), 1)
    .addOption(new Option('--engine <name>', 'what computes').choices(['auto', 'native', 'wasm', 'cpu']).default('auto'))
    .option('--json', 'one JSON object a line instead of text')
    .addHelpText('after', '\nExample:\n  hookline study stability --tasks cola,rte --checkpoints postln=models/minilm,pld=runs/pld --seeds 10')
    .action((flags: Flags) => run(flags, output));
  addStudyDynamics(study, output);
  addStudyLesion(study, output);
};
