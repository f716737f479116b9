import { writeFile } from 'node:fs/promises';
import type { BertLearner } from '@hookline/bert';
import { type CorpusSets, readRunModel } from '@hookline/bert/node';
import { createTrainer, during, given, HooklineError, type Plugin, type Scalars, type Trainer } from '@hookline/core';
import { type Profile, readMetrics, readProfile } from '@hookline/core/node';
import { compileStatistics, summarizeCompiled } from '@hookline/tfjs';
import { unlessAborted } from '../aborted.js';
import { whileRunning } from '../failures.js';
import { renderReport } from '../report/index.js';
import { stepsForBudget } from './budget.js';
import { type CompleteConfig, defaultSteps, type PretrainConfig } from './config.js';
import { loadData } from './data.js';
import { planRun, type RunPlan } from './dry-run.js';
import { readRunConfig, requireFresh, runFiles, runPath, writeRun } from './files.js';
import { learnerOf, modelOf, type StartingModel } from './learner.js';
import { heldOutSet, runPlugins } from './plugins.js';
import { readCheckpoint, startingModel } from './pretrained.js';
import { runReport } from './run-report.js';

export interface PretrainOptions {
  readonly onStage?: (text: string) => void;
  /** Told of the trainer before it runs, to listen to it. */
  readonly onTrainer?: (trainer: Trainer, learner: BertLearner) => void;
  /** Plugins besides those of the configuration, e.g. progress on a terminal. */
  readonly plugins?: readonly Plugin[];
  /** Ends the run after the step in progress, with a checkpoint; before the first step at once, with nothing written. */
  readonly signal?: AbortSignal;
}

export interface ResumeOptions extends PretrainOptions {
  /** Another engine than the run began with. */
  readonly engine?: PretrainConfig['engine'];
}

export interface PretrainResult {
  readonly directory: string;
  /** Steps done; 0 where it was ended before training began. */
  readonly steps: number;
  /** Why the run ended before its total, if it did. */
  readonly stopped: string | undefined;
  readonly metrics: Scalars;
  readonly unigramEntropy: number;
  /** Path of report.html. */
  readonly report: string;
  /** Where the time went, where the configuration asks for it. */
  readonly profile?: Profile;
}

/**
 * The configuration with its number of steps decided: from the budget, by measuring, where none is given.
 */
async function completeConfig(config: PretrainConfig, data: CorpusSets, model: StartingModel, { onStage, signal }: PretrainOptions): Promise<CompleteConfig> {
  const { budget, ...rest } = config;
  if (budget === undefined) return { ...rest, steps: rest.steps ?? defaultSteps };
  onStage?.('timing the first steps');
  const steps = await stepsForBudget(config, data, model, budget, signal);
  onStage?.(`${steps} steps fit into the budget`);
  return { ...rest, steps };
}

/** Data and model of a new run; of the two, what is quicker to be found wrong is read first. */
async function prepare(config: PretrainConfig, { onStage, signal }: PretrainOptions): Promise<{ data: CorpusSets; model: StartingModel }> {
  const pretrained = await readCheckpoint(config, onStage);
  const data = await loadData(config, given({ onStage, signal, tokenizer: pretrained?.tokenizer }));
  return { data, model: pretrained ? startingModel(pretrained, data.unigram) : { config: modelOf(config, data.tokenizer) } };
}

/** What a run would be; nothing is trained (but for timing a budget) or written. */
export async function dryRun(config: PretrainConfig, options: Pick<PretrainOptions, 'onStage'> = {}): Promise<RunPlan> {
  const { data, model } = await prepare(config, options);
  try {
    return planRun(await completeConfig(config, data, model, options), data, model.config);
  } finally {
    data.close();
  }
}

/** What comes of a run that was ended before its first step: nothing was written. */
const untouched = (directory: string): PretrainResult => ({
  directory,
  steps: 0,
  stopped: 'aborted',
  metrics: {},
  unigramEntropy: Number.NaN,
  report: runFiles(directory).report,
});

/**
 * Trains a new run in a directory that is absent or empty. Everything that input can mend is checked before the directory is touched.
 * @throws HooklineError for what is wrong with the input, and, marked by `failedWhileRunning`, for what fails in training
 */
export async function pretrain(config: PretrainConfig, directory: string, options: PretrainOptions = {}): Promise<PretrainResult> {
  requireFresh(directory);
  return unlessAborted(options.signal, () => pretrainNew(config, directory, options), untouched(directory));
}

async function pretrainNew(config: PretrainConfig, directory: string, options: PretrainOptions): Promise<PretrainResult> {
  const { data, model } = await prepare(config, options);
  try {
    const complete = await completeConfig(config, data, model, options);
    planRun(complete, data, model.config);
    const learner = await learnerOf(complete, data, model);
    const write = (): void => writeRun(directory, complete, model.config, data.tokenizer);
    try {
      return await train({ config: complete, data, learner, directory, resume: false, write }, options);
    } finally {
      learner.dispose();
    }
  } finally {
    data.close();
  }
}

/**
 * Goes on with a run from its latest checkpoint, or from a named one (`RUN/checkpoints/step-…`), under the configuration that it began with.
 */
export async function resumePretraining(path: string, options: ResumeOptions = {}): Promise<PretrainResult> {
  const { directory, checkpoint } = runPath(path);
  return unlessAborted(options.signal, () => goOn(directory, checkpoint, options), untouched(directory));
}

async function goOn(directory: string, checkpoint: string | undefined, options: ResumeOptions): Promise<PretrainResult> {
  const saved = readRunConfig(directory);
  const config = options.engine ? { ...saved, engine: options.engine } : saved;
  const { tokenizer, ...model } = await readRunModel(directory);
  const data = await loadData(config, { ...options, tokenizer });
  try {
    const learner = await learnerOf(config, data, model);
    try {
      return await train({ config, data, learner, directory, resume: checkpoint ?? true, write: () => undefined }, options);
    } finally {
      learner.dispose();
    }
  } finally {
    data.close();
  }
}

interface Training {
  readonly config: CompleteConfig;
  readonly data: CorpusSets;
  readonly learner: BertLearner;
  readonly directory: string;
  readonly resume: boolean | string;
  /** Writes what belongs to a new run. */
  readonly write: () => void;
}

async function train({ config, data, learner, directory, resume, write }: Training, options: PretrainOptions): Promise<PretrainResult> {
  const { name, version, device, reason } = learner.engine;
  options.onStage?.(`engine ${name} ${version}: ${device}; ${reason}`);
  let running = false;
  const begun: Plugin = {
    name: 'begun',
    onStep: during('begin', (step) => {
      running = true;
      return step;
    }),
  };
  const trainer = createTrainer({
    learner,
    plugins: [...runPlugins(config, learner.config), ...(options.plugins ?? []), begun],
    steps: config.steps,
    seed: config.seed,
    run: directory,
    resume,
    ...(options.signal ? { signal: options.signal } : {}),
  });
  options.onTrainer?.(trainer, learner);
  options.signal?.throwIfAborted();
  try {
    write();
    const { steps, stopped, metrics } = await trainer.run();
    running = true; // what fails from here on is no input's fault
    if (compileStatistics().replays > 0) options.onStage?.(`compiled: ${summarizeCompiled()}`);
    const report = runFiles(directory).report;
    const lines = await readMetrics(runFiles(directory).metrics);
    const profile = config.telemetry?.profile ? await readProfile(runFiles(directory).trace) : undefined;
    await writeFile(report, await renderReport(await runReport({ config, learner, lines, unigramEntropy: data.unigramEntropy, directory, profile })));
    return { directory, steps, stopped, metrics: metrics[heldOutSet] ?? {}, unigramEntropy: data.unigramEntropy, report, ...(profile ? { profile } : {}) };
  } catch (error) {
    throw running || !(error instanceof HooklineError) ? whileRunning(error) : error;
  }
}
