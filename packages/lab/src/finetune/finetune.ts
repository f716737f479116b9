import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createTrainer, type Plugin, type Scalars, type Trainer } from '@hookline/core';
import type { TextTask } from '@hookline/glue';
import { createdPooler, describeTask, type FineTuningLearner, fineTuning, type PretrainedModel, type Summary, summarize } from '@hookline/glue';
import type { FineTuningSets } from '@hookline/glue/node';
import { whileRunning } from '../failures.js';
import { readEvaluated } from '../inspect/read-evaluated.js';
import { requireFresh, runFiles, runPath } from '../pretrain/files.js';
import { methodOf } from '../pretrain/plugins.js';
import { processorTime } from '../recording/processor-time.js';
import { renderReport } from '../report/index.js';
import { epochsOf, type FinetuneConfig } from './config.js';
import { loadSets } from './data.js';
import { hasCheckpoint, readFinetuneRun, requireSameTask, scoresOf, writeFinetuneRun } from './files.js';
import { finetunePlugins } from './plugins.js';
import { finetuneReport } from './report.js';
import { hasBegun, hasSeeds, readSeedOutcome, readSeedsPlan, type SeedsPlan, writeSeedOutcome, writeSeedsPlan } from './seeds.js';

export interface FinetuneOptions {
  readonly onStage?: (text: string) => void;
  /** Told of what is left out or made anew, and of what is not advised. */
  readonly onNotice?: (text: string) => void;
  /** Told of each trainer before it runs, to listen to it. */
  readonly onTrainer?: (trainer: Trainer) => void;
  /** Plugins besides those of the configuration, made anew for each seed, e.g. progress on a terminal. */
  readonly plugins?: () => readonly Plugin[];
  /** Ends the run after the step in progress, with a checkpoint. */
  readonly signal?: AbortSignal;
}

/** One seed of a run. */
export interface SeedResult {
  readonly directory: string;
  readonly seed: number;
  readonly steps: number;
  readonly stopped: string | undefined;
  /** Metrics at the end by evaluation set. */
  readonly metrics: Readonly<Record<string, Scalars>>;
  /** The best score on the first set at any evaluation: chosen on that set, so higher than what to expect elsewhere. */
  readonly best: number;
  /** Wall-clock of training with evaluation and checkpoints. */
  readonly seconds: number;
  /** Processor seconds of the same, over all threads: other programs do not lengthen them. */
  readonly processorSeconds?: number;
}

export interface FinetuneResult {
  readonly directory: string;
  readonly task: TextTask;
  /** The set that scores are of: the first. */
  readonly set: string;
  readonly seeds: readonly SeedResult[];
  /** Of the scores at the end of each seed that reached it. */
  readonly summary: Summary | undefined;
  /** The most memory that this process has held, in bytes, by the kernel's count. */
  readonly peakMemory: number;
  /** Path of report.html. */
  readonly report: string;
  /** Whether a signal ended it. */
  readonly stopped: boolean;
}

/** Zhang & He 2020 (arXiv:2010.13369) put LayerNorm before the branches for the sake of dropping. */
const postNormWarning =
  'the checkpoint is PostLN, and Progressive Layer Dropping was made for PreLN: its authors put LayerNorm before the branches to keep training stable while blocks are dropped';

interface Inputs {
  readonly sets: FineTuningSets & { readonly task: TextTask };
  readonly model: PretrainedModel;
}

const learnerOf = (config: FinetuneConfig, { sets, model }: Inputs): Promise<FineTuningLearner> =>
  fineTuning({
    task: sets.task,
    model,
    train: sets.train,
    evaluation: sets.evaluation,
    head: config.head,
    batchSize: config.batchSize,
    ...(config.maxLength === undefined ? {} : { maxLength: config.maxLength }),
    bucketing: config.bucketing,
    dropout: config.dropout,
    labelSmoothing: config.labelSmoothing,
    ...(config.classWeights === undefined ? {} : { classWeights: config.classWeights }),
    seed: config.seed,
    engine: config.engine,
    defaults: [],
  });

interface Beginning {
  /** From the latest checkpoint, or from the one of that name. */
  readonly resume?: boolean | string;
  /** Called when all is checked, before the run's first file is written. */
  readonly prepare?: () => void;
}

async function trainSeed(
  config: FinetuneConfig,
  directory: string,
  inputs: Inputs,
  options: FinetuneOptions,
  { resume = false, prepare }: Beginning = {},
): Promise<SeedResult> {
  if (resume !== false) requireSameTask(directory, inputs.sets.task);
  const learner = await learnerOf(config, inputs);
  try {
    const { name, version, device, reason } = learner.engine;
    const { task, train } = inputs.sets;
    const made = createdPooler(learner);
    if (resume === false && made !== undefined) options.onNotice?.(made);
    options.onStage?.(`seed ${config.seed}: ${train.examples.length} ${describeTask(task)}; engine ${name} ${version}: ${device}; ${reason}`);
    const trainer = createTrainer({
      learner,
      plugins: [...finetunePlugins(config, learner), ...(options.plugins?.() ?? [])],
      epochs: epochsOf(config),
      seed: config.seed,
      run: directory,
      resume,
      ...(options.signal ? { signal: options.signal } : {}),
    });
    options.onTrainer?.(trainer);
    if (options.signal?.aborted) return { directory, seed: config.seed, steps: 0, stopped: 'aborted', metrics: {}, best: Number.NaN, seconds: 0 };
    prepare?.();
    if (resume === false) writeFinetuneRun(directory, config, learner, inputs.model);
    const [from, processorFrom] = [performance.now(), processorTime()];
    try {
      const { steps, stopped, metrics } = await trainer.run();
      const [set] = learner.evaluationSets;
      const scores = (await scoresOf(directory, set!)).map(({ score }) => score).filter((score) => !Number.isNaN(score));
      return {
        directory,
        seed: config.seed,
        steps,
        stopped,
        metrics,
        best: scores.length > 0 ? Math.max(...scores) : Number.NaN,
        seconds: (performance.now() - from) / 1000,
        processorSeconds: processorTime() - processorFrom,
      };
    } catch (error) {
      throw whileRunning(error);
    }
  } finally {
    learner.dispose();
  }
}

const readModel = ({ checkpoint, allow }: Pick<FinetuneConfig, 'checkpoint' | 'allow'>, { onNotice }: FinetuneOptions): Promise<PretrainedModel> =>
  readEvaluated(checkpoint, { heads: { mlm: 'drop', nsp: 'drop' }, allow, ...(onNotice ? { onNotice } : {}) });

/** @param begun a run with checkpoints, whose own weights do where those that it began with are gone: its checkpoint comes over them */
async function loadInputs(config: FinetuneConfig, options: FinetuneOptions, begun?: string): Promise<Inputs> {
  const sets = await loadSets(config);
  const model = await readModel(config, options).catch((error: unknown) => {
    if (begun === undefined) throw error;
    return readModel({ ...config, checkpoint: begun }, options);
  });
  for (const warning of [sets.train, ...Object.values(sets.evaluation)].flatMap((set) => set.warnings)) options.onNotice?.(warning);
  if (methodOf(config) && model.config.norm === 'post') options.onNotice?.(postNormWarning);
  return { sets, model };
}

/** What a run came to, and its report. */
async function finish(config: FinetuneConfig, directory: string, done: readonly SeedResult[], { sets, model }: Inputs): Promise<FinetuneResult> {
  const [set] = Object.keys(sets.evaluation);
  const ran = done.filter(({ steps }) => steps > 0);
  const finished = ran.filter(({ metrics, stopped }) => stopped === undefined && metrics[set!] !== undefined);
  const report = runFiles(directory).report;
  const result: FinetuneResult = {
    directory,
    task: sets.task,
    set: set!,
    seeds: ran,
    summary: finished.length > 0 ? summarize(finished.map(({ metrics }) => metrics[set!]!['score']!)) : undefined,
    peakMemory: process.resourceUsage().maxRSS * 1024,
    report,
    stopped: done.some(({ stopped }) => stopped !== undefined),
  };
  if (ran.length > 0) await writeFile(report, await renderReport(await finetuneReport(config, result, model.config)));
  return result;
}

const seedDirectory = (directory: string, seed: number): string => join(directory, `seed-${seed}`);

/** Trains what is not done of a plan, seed by seed: one that was interrupted goes on, one that has not begun begins. */
async function trainSeeds(plan: SeedsPlan, directory: string, inputs: Inputs, options: FinetuneOptions): Promise<readonly SeedResult[]> {
  const { config, seeds } = plan;
  const prepare = (): void => {
    if (!hasSeeds(directory)) writeSeedsPlan(directory, plan);
  };
  const done: SeedResult[] = [];
  for (let seed = config.seed; seed < config.seed + seeds; seed++) {
    const own = seedDirectory(directory, seed);
    const outcome = readSeedOutcome(own);
    const result = outcome
      ? { directory: own, seed, stopped: undefined, ...outcome }
      : await trainSeed({ ...config, seed }, own, inputs, options, { resume: hasBegun(own), prepare });
    done.push(result);
    if (result.stopped !== undefined) break;
    if (!outcome) writeSeedOutcome(own, result);
  }
  return done;
}

/**
 * Fine-tunes a checkpoint on a task in a directory that is absent or empty: in the directory itself, or for several seeds in `seed-…` below it. Everything that
 * input can mend is checked before the directory is touched.
 * @param seeds how many; they are the configuration's seed and those after it
 * @throws HooklineError for what is wrong with the input, and, marked by `failedWhileRunning`, for what fails in training
 */
export async function finetune(config: FinetuneConfig, directory: string, seeds: number | undefined, options: FinetuneOptions = {}): Promise<FinetuneResult> {
  requireFresh(directory);
  const inputs = await loadInputs(config, options);
  if (seeds === undefined) return finish(config, directory, [await trainSeed(config, directory, inputs, options)], inputs);
  return finish(config, directory, await trainSeeds({ config, seeds }, directory, inputs, options), inputs);
}

/**
 * Goes on with a run from its latest checkpoint, or from a named one (`RUN/checkpoints/step-…`), under the configuration that it began with; with a run of several
 * seeds at the first that is not done. The seconds of a seed that goes on are those since then.
 * @param engine another engine than the run began with
 * @throws HooklineError `HOOKLINE_RUN` where there is no such run, and as `finetune`
 */
export async function resumeFinetuning(path: string, options: FinetuneOptions & { readonly engine?: FinetuneConfig['engine'] } = {}): Promise<FinetuneResult> {
  const under = (saved: FinetuneConfig): FinetuneConfig => (options.engine ? { ...saved, engine: options.engine } : saved);
  if (hasSeeds(path)) {
    const { config: saved, seeds } = readSeedsPlan(path);
    const config = under(saved);
    const inputs = await loadInputs(config, options);
    return finish(config, path, await trainSeeds({ config, seeds }, path, inputs, options), inputs);
  }
  const { directory, checkpoint } = runPath(path);
  const config = under(readFinetuneRun(directory).config);
  const inputs = await loadInputs(config, options, hasCheckpoint(directory) ? directory : undefined);
  return finish(config, directory, [await trainSeed(config, directory, inputs, options, { resume: checkpoint ?? true })], inputs);
}
