import { join } from 'node:path';
import type { Trainer } from '@hookline/core';
import { consoleProgress, interruptSignal, profileLines } from '@hookline/core/node';
import {
  compareRuns,
  dryRun,
  type PretrainOptions,
  type PretrainResult,
  planLines,
  pretrain,
  requireFresh,
  resumePretraining,
  tableLines,
} from '@hookline/lab';
import { Interrupted } from '../failure.js';
import { jsonLine, type Output } from '../output.js';
import { pretrainConfigOf } from '../pretrain-config.js';
import type { AddCommand } from '../program.js';
import { resumeFlags } from '../resume-flags.js';
import { addPretrainFlags, type PretrainFlags } from './pretrain-flags.js';

const defaultRun = join('runs', 'pretrain');

/** Every event of the run as a line of JSON. */
function tellJson(trainer: Trainer, output: Output): void {
  trainer.on('step', (news) => output.out(jsonLine({ event: 'step', ...news })));
  trainer.on('evaluation', (news) => output.out(jsonLine({ event: 'evaluation', ...news })));
  trainer.on('checkpoint', (news) => output.out(jsonLine({ event: 'checkpoint', ...news })));
}

function optionsOf(flags: PretrainFlags, output: Output, signal: AbortSignal): PretrainOptions {
  if (flags.json) {
    return { signal, onStage: (text) => output.out(jsonLine({ event: 'stage', text })), onTrainer: (trainer) => tellJson(trainer, output) };
  }
  const stream = { write: (text: string) => process.stdout.write(text), isTTY: output.interactive, columns: process.stdout.columns ?? 80 };
  return { signal, onStage: output.out, plugins: [consoleProgress({ stream })] };
}

function finish(result: PretrainResult, flags: PretrainFlags, output: Output): void {
  if (result.stopped === 'aborted') {
    if (result.steps === 0) throw new Interrupted('stopped before the first step; nothing was written');
    throw new Interrupted(`stopped after step ${result.steps}, with a checkpoint; go on with: hookline pretrain --resume ${result.directory}`);
  }
  if (flags.json) {
    output.out(jsonLine({ event: 'result', ...result }));
    return;
  }
  const { loss: _, ...metrics } = result.metrics;
  const told = Object.entries(metrics).map(([name, value]) => `${name} ${value.toFixed(4)}`);
  output.out(`${result.steps} steps; held out: ${told.join(', ')}; unigram entropy ${result.unigramEntropy.toFixed(4)}`);
  if (result.profile) for (const line of ['', ...profileLines(result.profile), '']) output.out(line);
  output.out(`report: ${result.report}`);
}

const seedsFrom = (first: number, count: number): readonly number[] => Array.from({ length: count }, (_, i) => first + i);

async function trainSeeds(flags: PretrainFlags, seeds: number, output: Output, signal: AbortSignal): Promise<void> {
  const config = pretrainConfigOf(flags);
  const run = flags.run ?? defaultRun;
  const runs = seedsFrom(config.seed, seeds).map((seed) => ({ seed, directory: join(run, `seed-${seed}`) }));
  for (const { directory } of runs) requireFresh(directory); // all of them, before the first is trained
  for (const { seed, directory } of runs) finish(await pretrain({ ...config, seed }, directory, optionsOf(flags, output, signal)), flags, output);
  if (seeds === 1) return;
  const directories = runs.map(({ directory }) => directory);
  const { report, path } = await compareRuns(directories, join(run, 'report.html'));
  if (flags.json) return output.out(jsonLine({ event: 'comparison', tables: report.tables, report: path }));
  for (const table of report.tables) for (const line of ['', table.title, ...tableLines(table)]) output.out(line);
  output.out(`report: ${path}`);
}

async function run(flags: PretrainFlags, output: Output): Promise<void> {
  const resume = flags.resume === undefined ? undefined : resumeFlags(flags);
  if (flags.dryRun) {
    const config = pretrainConfigOf(flags);
    const seeds = seedsFrom(config.seed, flags.seeds ?? 1);
    const plan = await dryRun(config, flags.json ? {} : { onStage: output.out });
    if (flags.json) return output.out(jsonLine({ event: 'plan', ...plan, seeds }));
    for (const [label, value] of planLines(plan)) output.out(`${label.padEnd(11)} ${value}`);
    if (seeds.length > 1) output.out(`seeds       ${seeds.join(', ')}: ${seeds.length} such runs, one after the other`);
    return;
  }
  const signal = interruptSignal(
    () => output.interactive && output.err('hookline: finishing the step and saving a checkpoint; press Ctrl-C again to stop at once'),
  );
  try {
    if (flags.resume !== undefined) return finish(await resumePretraining(flags.resume, { ...optionsOf(flags, output, signal), ...resume }), flags, output);
    if (flags.seeds !== undefined) return await trainSeeds(flags, flags.seeds, output, signal);
    return finish(await pretrain(pretrainConfigOf(flags), flags.run ?? defaultRun, optionsOf(flags, output, signal)), flags, output);
  } finally {
    signal.dispose();
  }
}

const examples = `
Examples:
  hookline pretrain --corpus sotu --size tiny --pld 0.5 --steps 1000 --run runs/pld
  hookline pretrain --corpus texts/ --budget 30m --run runs/mine
  hookline pretrain --config run.yaml --seeds 3 --run runs/three
  hookline pretrain --checkpoint bert-folder/ --corpus texts/ --pld 0.5 --run runs/more
  hookline pretrain --resume runs/pld`;

export const addPretrain: AddCommand = (program, output) => {
  const command = program
    .command('pretrain')
    .summary('pre-train a BERT on text, with or without layer dropping')
    .description(
      'Pre-trains a BERT with masked language modelling on text. The run directory holds config.json (replayable), metrics.jsonl, checkpoints and report.html.',
    );
  addPretrainFlags(command)
    .addHelpText('after', examples)
    .action((flags: PretrainFlags) => run(flags, output));
};
