import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HooklineError, type Plugin } from '@hookline/core';
import { readMetrics } from '@hookline/core/node';
import { unlessAborted } from '../aborted.js';
import { lesionRuns } from '../lesion/lesion.js';
import { requireDirectoryPlace } from '../places.js';
import { readRunConfig, runFiles } from '../pretrain/files.js';
import { heldOutSet } from '../pretrain/plugins.js';
import { pretrain, resumePretraining } from '../pretrain/pretrain.js';
import { recordedPretraining } from '../pretrain/recorded.js';
import { type ReportTable, renderReport } from '../report/index.js';
import { type DynamicsRun, dynamicsReport } from './dynamics-report.js';
import { dynamicsOf } from './series.js';
import { type DynamicsOptions, type DynamicsVariant, dynamicsVariants } from './variants.js';

export interface DynamicsStudyRun {
  /** The command that makes the report again. */
  readonly command: string;
  readonly signal?: AbortSignal;
  readonly onStage?: (text: string) => void;
  /** Plugins besides, made anew for each run, e.g. progress on a terminal. */
  readonly plugins?: () => readonly Plugin[];
}

export interface DynamicsResult {
  readonly done: number;
  readonly of: number;
  readonly tables: readonly ReportTable[];
  /** Path of report.html; undefined where a signal ended the study. */
  readonly report: string | undefined;
}

/** How many steps of a run are in its metrics. */
async function stepsDone(directory: string): Promise<number> {
  const { metrics } = runFiles(directory);
  if (!existsSync(metrics)) return 0;
  return (await readMetrics(metrics)).reduce((last, line) => (line.event === 'checkpoint' ? line.step : last), 0);
}

/** Refuses to go on with a run of other settings; the engine may be another. */
function checkSettings(directory: string, { config }: DynamicsVariant): void {
  const text = (of: object): string => JSON.stringify({ ...of, engine: undefined }, undefined, 1);
  if (text(readRunConfig(directory)) === text(config)) return;
  throw new HooklineError('HOOKLINE_STUDY', `${directory} was run with other settings`, {
    hint: 'give the settings that the study began with (its config.json says them), or choose another --out',
  });
}

/** Trains a variant, goes on with it, or finds it done. Answers whether it is. */
async function finish(variant: DynamicsVariant, directory: string, { signal, onStage, plugins }: DynamicsStudyRun): Promise<boolean> {
  const options = { ...(signal ? { signal } : {}), ...(onStage ? { onStage } : {}), ...(plugins ? { plugins: plugins() } : {}) };
  const begun = existsSync(runFiles(directory).config);
  if (begun && (await stepsDone(directory)) === variant.config.steps) return true;
  onStage?.(`${variant.name}: ${variant.config.steps} steps`);
  const { stopped } = begun ? await resumePretraining(directory, options) : await pretrain(variant.config, directory, options);
  return stopped === undefined;
}

async function found(variant: DynamicsVariant, directory: string, { signal, onStage }: DynamicsStudyRun): Promise<DynamicsRun> {
  const lines = await readMetrics(runFiles(directory).metrics);
  const [lesions] = await lesionRuns([directory], { ...(signal ? { signal } : {}), ...(onStage ? { onStage } : {}) });
  return {
    variant,
    recording: recordedPretraining(variant.config, lines),
    dynamics: dynamicsOf(lines, heldOutSet)!,
    lesions: { ...lesions!, name: variant.name },
  };
}

/**
 * Trains dense PreLN and PostLN, and PreLN with layer dropping, with the statistics of their blocks, leaves each trained network's blocks out one by one, and
 * writes `report.html` with all of it side by side. Starting it again goes on where it stopped.
 * @throws HooklineError `HOOKLINE_STUDY` where a folder holds runs of other settings, and as `pretrain`
 */
export async function studyDynamics(options: DynamicsOptions, directory: string, run: DynamicsStudyRun): Promise<DynamicsResult> {
  const variants = dynamicsVariants(options);
  const folder = (variant: DynamicsVariant): string => join(directory, variant.key);
  requireDirectoryPlace(directory);
  for (const variant of variants) if (existsSync(runFiles(folder(variant)).config)) checkSettings(folder(variant), variant);
  const runs: DynamicsRun[] = [];
  for (const variant of variants) {
    const done = await unlessAborted(
      run.signal,
      async () => (await finish(variant, folder(variant), run)) && (await found(variant, folder(variant), run)),
      false,
    );
    if (!done) return { done: runs.length, of: variants.length, tables: [], report: undefined };
    runs.push(done);
  }
  mkdirSync(directory, { recursive: true });
  const report = join(directory, 'report.html');
  const made = await dynamicsReport(options, runs, variants.length, run.command);
  writeFileSync(report, await renderReport(made));
  return { done: runs.length, of: variants.length, tables: made.tables, report };
}
