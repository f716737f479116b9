import { join } from 'node:path';
import type { Trainer } from '@hookline/core';
import { consoleProgress, interruptSignal } from '@hookline/core/node';
import { compareRuns, dryRun, type PretrainOptions, type PretrainResult, planLines, pretrain, resumePretraining, tableLines } from '@hookline/lab';
import { Interrupted } from '../failure.js';
import { jsonLine, type Output } from '../output.js';
import { pretrainConfigOf } from '../pretrain-config.js';
import type { AddCommand } from '../program.js';
import { resumeFlags } from '../resume-flags.js';
import { addPretrainFlags, type PretrainFlags } from './pretrain-flags.js';

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
  output.out(`report: ${result.report}`);
}

async function trainSeeds(flags: PretrainFlags, seeds: number, output: Output, signal: AbortSignal): Promise<void> {
  const config = pretrainConfigOf(flags);
  const directories: string[] = [];
  for (let seed = config.seed; seed < config.seed + seeds; seed++) {
    const directory = join(flags.run, `seed-${seed}`);
    finish(await pretrain({ ...config, seed }, directory, optionsOf(flags, output, signal)), flags, output);
    directories.push(directory);
  }
  if (seeds === 1) return;
  const { report, path } = await compareRuns(directories, join(flags.run, 'report.html'));
  if (flags.json) return output.out(jsonLine({ event: 'comparison', tables: report.tables, report: path }));
  for (const table of report.tables) for (const line of ['', table.title, ...tableLines(table)]) output.out(line);
  output.out(`report: ${path}`);
}

async function run(flags: PretrainFlags, output: Output): Promise<void> {
  const resume = flags.resume === undefined ? undefined : resumeFlags(flags);
  if (flags.dryRun) {
    const plan = await dryRun(pretrainConfigOf(flags), flags.json ? {} : { onStage: output.out });
    if (flags.json) return output.out(jsonLine({ event: 'plan', ...plan }));
    for (const [label, value] of planLines(plan)) output.out(`${label.padEnd(11)} ${value}`);
    return;
  }
  const signal = interruptSignal(
    () => output.interactive && output.err('hookline: finishing the step and saving a checkpoint; press Ctrl-C again to stop at once'),
  );
  try {
    if (flags.resume !== undefined) return finish(await resumePretraining(flags.resume, { ...optionsOf(flags, output, signal), ...resume }), flags, output);
    if (flags.seeds !== undefined) return await trainSeeds(flags, flags.seeds, output, signal);
    return finish(await pretrain(pretrainConfigOf(flags), flags.run, optionsOf(flags, output, signal)), flags, output);
  } finally {
    signal.dispose();
  }
}

const examples = `
Examples:
  hookline pretrain --corpus sotu --size tiny --pld 0.5 --steps 1000 --run runs/pld
  hookline pretrain --corpus texts/ --budget 30m --run runs/mine
  hookline pretrain --config run.yaml --seeds 3 --run runs/three
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
