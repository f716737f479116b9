import { HooklineError } from '@hookline/core';
import type { SubmissionProblem } from '@hookline/glue';
import { type CheckedFile, checkSubmission } from '@hookline/glue/node';
import { jsonLine } from '../output.js';
import type { AddCommand } from '../program.js';

/** Problems of a file that are shown; the rest is counted. */
const shown = 3;

function problemText({ line, column, what }: SubmissionProblem): string {
  const where = [line === undefined ? '' : `line ${line}`, column ?? ''].filter((part) => part !== '').join(', ');
  return where === '' ? what : `${where}: ${what}`;
}

function fileLines({ file, state, problems, meant }: CheckedFile): readonly string[] {
  if (state === 'unknown') return [`${file.padEnd(12)} is no name that the server knows${meant ? `; did you mean '${meant}'?` : ''}`];
  if (state !== 'wrong') return [`${file.padEnd(12)} ${state}`];
  const more = problems.length > shown ? [`${' '.repeat(13)}and ${problems.length - shown} more`] : [];
  return problems
    .slice(0, shown)
    .map((problem, i) => `${(i === 0 ? file : '').padEnd(12)} ${problemText(problem)}`)
    .concat(more);
}

/** The first thing that keeps the server from taking the folder; undefined where it would. */
function firstFault(folder: string, files: readonly CheckedFile[], partial: boolean): HooklineError | undefined {
  if (files.every(({ state }) => state === 'missing'))
    return new HooklineError('HOOKLINE_SUBMISSION', `there are no predictions in ${folder}`, { hint: 'give the folder with CoLA.tsv, SST-2.tsv, …' });
  const fault =
    files.find(({ state }) => state === 'wrong') ??
    files.find(({ state }) => state === 'unknown') ??
    files.find(({ state }) => state === 'missing' && !partial);
  if (!fault) return undefined;
  const { file, state, problems, meant } = fault;
  if (state === 'unknown')
    return new HooklineError('HOOKLINE_SUBMISSION', `the server knows no file '${file}' (${folder})`, {
      hint: meant ? `did you mean '${meant}'?` : 'remove it',
    });
  if (state === 'missing')
    return new HooklineError('HOOKLINE_SUBMISSION', `${file} is missing in ${folder}`, {
      hint: 'the server wants all eleven files; --partial leaves out those that are missing',
    });
  const [first] = problems;
  const others = problems.length - 1;
  const path = `${folder}/${file}${first!.line === undefined && first!.column === undefined ? ':' : ','}`;
  return new HooklineError('HOOKLINE_SUBMISSION', `${path} ${problemText(first!)}${others > 0 ? ` (and ${others} more in this file)` : ''}`);
}

interface CheckFlags {
  readonly partial?: true;
  readonly json?: true;
}

export const addGlue: AddCommand = (program, output) => {
  const glue = program.command('glue').summary('check predictions for the GLUE server').description("Predictions for the GLUE benchmark's server.");
  glue
    .command('check')
    .summary('check a folder of predictions before it is sent')
    .description("Checks the server's eleven files of predictions: names, headers, number of rows, indices, labels, ranges.")
    .argument('<folder>', 'folder with CoLA.tsv, SST-2.tsv, …')
    .option('--partial', 'accept that some of the files are missing')
    .option('--json', 'one JSON object a line instead of text')
    .addHelpText('after', '\nExample:\n  hookline glue check submission && zip -j submission.zip submission/*.tsv')
    .action(async (folder: string, flags: CheckFlags) => {
      const files = await checkSubmission(folder);
      for (const file of files) {
        if (flags.json) output.out(jsonLine(file));
        else for (const line of fileLines(file)) output.out(line);
      }
      const fault = firstFault(folder, files, flags.partial === true);
      if (fault) throw fault;
      if (!flags.json) output.out(`${files.filter(({ state }) => state === 'right').length} of 11 files are there and right`);
    });
};
