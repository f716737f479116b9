import { HooklineError } from '@hookline/core';
import { glueTask, glueTasks } from '@hookline/glue';
import { downloadGlue, type FoundSplit, glueRepository, surveyGlue } from '@hookline/glue/node';
import { whileRunning } from '@hookline/lab';
import type { Command } from 'commander';
import { jsonLine, type Output } from '../output.js';
import type { AddCommand } from '../program.js';

interface GlueFlags {
  readonly dir: string;
  readonly tasks?: string;
  readonly download?: true;
  readonly json?: true;
}

/** Codes of what goes wrong in the course of a download that has begun. */
const failures: readonly string[] = ['HOOKLINE_CHECKSUM', 'HOOKLINE_DISK_FULL', 'HOOKLINE_WRITE'];

const layouts = { tsv: 'official TSV', parquet: 'Parquet' } as const;

function setLine({ task, split, published, found, error }: FoundSplit): string {
  const state = error
    ? `damaged: ${error.message}`
    : found
      ? `${found.examples} of ${published} examples, ${layouts[found.layout]}`
      : `missing (${published} examples)`;
  return `${task.title.padEnd(6)} ${split.padEnd(15)} ${state}`;
}

const setJson = ({ task, split, published, found, error }: FoundSplit) => ({
  event: 'set',
  task: task.name,
  split,
  state: error ? 'damaged' : found ? 'found' : 'missing',
  published,
  ...found,
  ...(error && { error: error.message }),
});

/** How the sets of a folder stand. */
interface Standing {
  sets: number;
  missing: number;
  damaged: number;
  /** With fewer than 95 % of the published examples: more than readers skip. */
  short: number;
}

function count(standing: Standing, { found, error, published }: FoundSplit): void {
  standing.sets++;
  if (error) standing.damaged++;
  else if (!found) standing.missing++;
  else if (found.examples < 0.95 * published) standing.short++;
}

function summary({ sets, missing, damaged, short }: Standing, dir: string): readonly string[] {
  const are = (count: number): string => `${count} of ${sets} ${count === 1 ? 'sets is' : 'sets are'}`;
  return [
    ...(missing + damaged === 0 ? [`all ${sets} sets are in ${dir}`] : []),
    ...(damaged > 0 ? [`${are(damaged)} damaged in ${dir}`] : []),
    ...(short > 0 ? [`${are(short)} far smaller than published: cut short, or an excerpt`] : []),
    ...(missing > 0 ? [`${are(missing)} missing in ${dir}`, howToGet(dir)] : []),
  ];
}

async function glue({ dir, tasks: list, download, json }: GlueFlags, output: Output): Promise<void> {
  const tasks = list === undefined ? Object.values(glueTasks) : [...new Set(list.split(',').map((name) => glueTask(name.trim())))];
  if (download) {
    const onFile = (path: string, bytes: number): void => output.out(json ? jsonLine({ event: 'file', path, bytes }) : `fetched ${path}, ${bytes} bytes`);
    await downloadGlue({ data: dir, tasks, onFile }).catch((error: unknown) => {
      throw error instanceof HooklineError && failures.includes(error.code) ? whileRunning(error) : error;
    });
  }
  let damaged: Error | undefined;
  const standing: Standing = { sets: 0, missing: 0, damaged: 0, short: 0 };
  for await (const set of surveyGlue(
    dir,
    tasks.map(({ name }) => name),
  )) {
    count(standing, set);
    damaged ??= set.error;
    output.out(json ? jsonLine(setJson(set)) : setLine(set));
    if (!json) for (const warning of set.found?.warnings ?? []) output.out(`       ${warning}`);
  }
  if (json) output.out(jsonLine({ event: 'result', directory: dir, ...standing }));
  else for (const line of summary(standing, dir)) output.out(line);
  if (damaged) throw damaged;
}

const howToGet = (dir: string): string =>
  [
    'To get them, one of:',
    `  hookline data glue --dir ${dir} --download     Parquet from huggingface.co, ${glueRepository} (HF_ENDPOINT names another server)`,
    `  the official files from gluebenchmark.com, unpacked into a folder a task: ${dir}/RTE/train.tsv`,
  ].join('\n');

export const addData: AddCommand = (program, output) => {
  const data: Command = program
    .command('data')
    .summary('see which data sets are there, and fetch those that are missing')
    .description('Data sets for fine-tuning.');
  data
    .command('glue')
    .summary('the nine tasks of GLUE and its diagnostic set')
    .description('Reads every set of GLUE in a folder, counts its examples, names what is missing or damaged, and says how to get it.')
    .requiredOption('--dir <folder>', 'folder with a folder a task, in the official layout (RTE/train.tsv) or as Parquet (rte/train-00000-of-00001.parquet)')
    .option('--tasks <names>', 'tasks to look for, separated by commas (default: all ten)')
    .option(
      '--download',
      'fetch what is missing, or Parquet that cannot be read, from the Hugging Face hub first, checked against the sizes and SHA-256 sums that it lists',
    )
    .option('--json', 'one JSON object a line instead of text')
    .addHelpText('after', '\nExample:\n  hookline data glue --dir data/glue --tasks cola,rte --download')
    .action((flags: GlueFlags) => glue(flags, output));
};
