import { interruptSignal } from '@hookline/core/node';
import { equalTimeNote, qualityNotes, start, startTerminal, tableLines, terminalTable } from '@hookline/lab';
import { Option } from 'commander';
import { integer, number } from '../arguments.js';
import { Interrupted } from '../failure.js';
import { jsonLine } from '../output.js';
import type { AddCommand } from '../program.js';

interface Flags {
  readonly minutes?: number;
  readonly out: string;
  readonly seed: number;
  readonly engine: 'wasm' | 'cpu' | 'native' | 'auto';
  readonly json?: true;
}

export const addStart: AddCommand = (program, output) => {
  program
    .command('start')
    .summary('see what layer dropping saves: five small models side by side, in minutes')
    .description(
      'Trains a small BERT on State of the Union speeches with progressive layer dropping and without, side by side, and measures the time saved. Writes a report.',
    )
    .option('--minutes <n>', 'minutes for everything, installation included (default: 6)', number(0.2))
    .option('--out <directory>', 'where report.html and report.svg go', 'runs/start')
    .option('--seed <n>', 'key of data order, masks, gates and initial weights', integer(0), 0)
    .addOption(new Option('--engine <name>', 'what computes').choices(['wasm', 'cpu', 'native', 'auto']).default('wasm'))
    .option('--json', 'one JSON object a line instead of text')
    .addHelpText('after', '\nExample:\n  hookline start --minutes 3')
    .action(async (flags: Flags) => {
      const terminal = startTerminal({
        interactive: output.interactive && !flags.json,
        write: (text) => (flags.json ? undefined : output.out(text.replace(/\n$/, ''))),
      });
      const result = await start({
        ...(flags.minutes === undefined ? {} : { minutes: flags.minutes }),
        directory: flags.out,
        seed: flags.seed,
        engine: flags.engine,
        signal: interruptSignal(),
        command: `hookline start${flags.minutes === undefined ? '' : ` --minutes ${flags.minutes}`}${flags.seed ? ` --seed ${flags.seed}` : ''}`,
        onNews: (news) => {
          if (!flags.json) return terminal.listen(news);
          if (news.kind === 'stage') return output.out(jsonLine({ event: 'stage', text: news.text }));
          const runs = news.lanes.map((lane) => ({ name: lane.variant.name, step: lane.recording.curve.length, of: lane.steps, loss: lane.latest?.loss }));
          return output.out(jsonLine({ event: 'progress', secondsLeft: news.secondsLeft, runs }));
        },
      });
      if (!result) throw new Interrupted('start was interrupted, no report was written; run it again');
      if (flags.json) return output.out(jsonLine({ event: 'result', ...result.summary, steps: result.lengths.steps, report: result.path }));
      const { summary } = result;
      const notes = [...qualityNotes(summary), equalTimeNote(summary)];
      for (const line of ['', result.report.title, '', ...tableLines(terminalTable(summary)), '', ...notes, '']) output.out(line);
      return output.out(`report: ${result.path}`);
    });
};
