import { consoleProgress, interruptSignal } from '@hookline/core/node';
import { type DynamicsOptions, studyDynamics, tableLines } from '@hookline/lab';
import { type Command, Option } from 'commander';
import { integer, number } from '../arguments.js';
import { Interrupted } from '../failure.js';
import { jsonLine, type Output } from '../output.js';

type Flags = Omit<DynamicsOptions, 'vocabularySize'> & { readonly vocabSize: number; readonly out: string; readonly json?: true };

const command = ({ json: _, ...flags }: Flags): string =>
  `hookline study dynamics ${Object.entries(flags)
    .map(([name, value]) => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} ${value}`)
    .join(' ')}`;

async function run(flags: Flags, output: Output): Promise<void> {
  const { out, json, vocabSize, ...rest } = flags;
  const signal = interruptSignal();
  const stream = { write: (text: string) => process.stdout.write(text), isTTY: output.interactive, columns: process.stdout.columns ?? 80 };
  try {
    const { done, of, tables, report } = await studyDynamics({ ...rest, vocabularySize: vocabSize }, out, {
      command: command(flags),
      signal,
      onStage: (text) => output.out(json ? jsonLine({ event: 'stage', text }) : text),
      ...(json ? {} : { plugins: () => [consoleProgress({ stream, interval: 30 })] }),
    });
    if (report === undefined) throw new Interrupted(`${done} of ${of} runs are done; the same command goes on`);
    if (json) return output.out(jsonLine({ event: 'result', tables, report }));
    for (const table of tables) for (const line of ['', table.title, ...tableLines(table)]) output.out(line);
    return output.out(`report: ${report}`);
  } finally {
    signal.dispose();
  }
}

/** Adds `study dynamics`. */
export function addStudyDynamics(study: Command, output: Output): void {
  study
    .command('dynamics')
    .summary('how do gradients and activations go through the blocks of PreLN and PostLN?')
    .description(
      'Trains PreLN, PostLN and PreLN with layer dropping on the same data, measures their blocks as they train, leaves each trained block out once, and shows all of it side by side. Run again, it goes on where it stopped.',
    )
    .option('--corpus <path>', "'sotu', a text file, JSON lines, or a folder", 'sotu')
    .addOption(new Option('--size <name>', 'width: tiny, mini, small, medium or base').choices(['tiny', 'mini', 'small', 'medium', 'base']).default('tiny'))
    .option('--layers <n>', 'blocks of each model', integer(1), 12)
    .option('--steps <n>', 'optimizer steps of each run', integer(10), 1000)
    .option('--sequence-length <n>', 'tokens a row', integer(8, 65_536), 64)
    .option('--batch-size <n>', 'rows a batch', integer(1), 16)
    .option('--vocab-size <n>', 'tokens of the vocabulary that is trained', integer(1), 4000)
    .option('--learning-rate <rate>', "peak rate of all three (default: each one's recipe)", number(0))
    .option('--theta-bar <theta>', 'what theta of layer dropping ends at, 0 to 1', number(0, 1), 0.5)
    .option('--every <length>', 'steps, or a share of the run, between two measurements', number(0), 0.01)
    .option('--seed <n>', 'key of every random draw', integer(0), 0)
    .addOption(new Option('--engine <name>', 'what computes').choices(['auto', 'native', 'wasm', 'cpu']).default('auto'))
    .option('--out <directory>', 'where the runs and report.html go', 'runs/dynamics')
    .option('--json', 'one JSON object a line instead of text')
    .addHelpText('after', '\nExample:\n  hookline study dynamics --corpus sotu --size tiny --steps 1000')
    .action((flags: Flags) => run(flags, output));
}
