import { compareRuns, tableLines } from '@hookline/lab';
import { jsonLine } from '../output.js';
import type { AddCommand } from '../program.js';

export const addCompare: AddCommand = (program, output) => {
  program
    .command('compare')
    .summary('compare runs at equal steps, tokens and wall-clock')
    .description(
      'Compares runs of pretrain, of finetune or of your own program at equal steps, equal tokens and equal wall-clock, in a table and in one HTML file. A directory with a run for each seed stands for all of them.',
    )
    .argument('<run...>', 'directories of runs')
    .option('--out <file>', 'the HTML file', 'runs/compare.html')
    .option('--json', 'one JSON object a line instead of text')
    .addHelpText('after', '\nExample:\n  hookline compare runs/dense runs/pld')
    .action(async (runs: readonly string[], flags: { readonly out: string; readonly json?: true }) => {
      const { report, path } = await compareRuns(runs, flags.out);
      if (flags.json) return output.out(jsonLine({ event: 'comparison', title: report.title, tables: report.tables, notes: report.notes, report: path }));
      for (const table of report.tables) for (const line of [table.title, ...tableLines(table), '']) output.out(line);
      for (const note of report.notes) output.out(`- ${note}`);
      return output.out(`report: ${path}`);
    });
};
