import { type LesionOptions, studyLesions, tableLines } from '@hookline/lab';
import { type Command, Option } from 'commander';
import { jsonLine, type Output } from '../output.js';

interface Flags {
  readonly out: string;
  readonly engine?: NonNullable<LesionOptions['engine']>;
  readonly json?: true;
}

async function run(paths: readonly string[], { out, engine, json }: Flags, output: Output): Promise<void> {
  const { runs, report } = await studyLesions(paths, out, {
    ...(engine === undefined ? {} : { engine }),
    onStage: (text) => output.out(json ? jsonLine({ event: 'stage', text }) : text),
  });
  if (json) {
    for (const { name, directory, loss, lesions } of runs) output.out(jsonLine({ event: 'lesions', name, directory, loss, lesions }));
    return output.out(jsonLine({ event: 'result', report: out }));
  }
  for (const table of report.tables) for (const line of ['', table.title, ...tableLines(table)]) output.out(line);
  return output.out(`report: ${out}`);
}

/** Adds `study lesion`. */
export function addStudyLesion(study: Command, output: Output): void {
  study
    .command('lesion')
    .summary('what does a trained network lose with each block left out?')
    .description('Evaluates finished runs of `pretrain` on their held-out batches with each block left out once, in a table and in one HTML file.')
    .argument('<run...>', 'directories of runs, or checkpoints in them')
    .option('--out <file>', 'the HTML file', 'runs/lesion.html')
    .addOption(new Option('--engine <name>', 'what computes (default: what the run says)').choices(['auto', 'native', 'wasm', 'cpu']))
    .option('--json', 'one JSON object a line instead of text')
    .addHelpText('after', '\nExample:\n  hookline study lesion runs/dense runs/pld')
    .action((paths: readonly string[], flags: Flags) => run(paths, flags, output));
}
