import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { checkpointWeights } from '@hookline/bert';
import { readRunModel } from '@hookline/bert/node';
import { HooklineError, type Scalars } from '@hookline/core';
import { readCheckpointManifest, readMetrics } from '@hookline/core/node';
import { kindOf } from '../compare/compare.js';
import { readRunConfig, runFiles, runPath } from '../pretrain/files.js';
import { heldOutSet } from '../pretrain/plugins.js';
import { blockRuns, recordingOf } from '../recording/recording.js';
import { openCheckpoint, slotsOf } from './checkpoint.js';

/** A checkpoint as `inspect` lists it. */
export interface CheckpointLine {
  readonly name: string;
  readonly step: number | undefined;
  readonly heldOutLoss: number | undefined;
  /** Why it cannot be used, if it cannot. */
  readonly damaged: string | undefined;
}

/** What is known of a run. */
export interface RunInspection {
  readonly kind: 'run';
  readonly directory: string;
  readonly model: string;
  readonly steps: number;
  readonly of: number;
  readonly seconds: number;
  readonly heldOutLoss: number | undefined;
  readonly blocks: { readonly run: number; readonly possible: number };
  readonly checkpoints: readonly CheckpointLine[];
}

/** What is known of a checkpoint, every byte of it checked. */
export interface CheckpointInspection {
  readonly kind: 'checkpoint';
  readonly name: string;
  readonly step: number;
  readonly position: number;
  readonly parameters: number;
  readonly tensors: readonly { readonly name: string; readonly shape: readonly number[] }[];
  readonly slots: readonly string[];
  readonly plugins: readonly string[];
  readonly metrics: Readonly<Record<string, Scalars>>;
  readonly config: Readonly<Record<string, unknown>>;
}

async function checkpointLine(folder: string, name: string): Promise<CheckpointLine> {
  try {
    const { step, metrics } = await readCheckpointManifest(join(folder, name));
    return { name, step, heldOutLoss: metrics[heldOutSet]?.['mlmLoss'], damaged: undefined };
  } catch (error) {
    if (!(error instanceof HooklineError)) throw error;
    return { name, step: undefined, heldOutLoss: undefined, damaged: error.message };
  }
}

async function inspectRun(directory: string): Promise<RunInspection> {
  const config = readRunConfig(directory);
  const files = runFiles(directory);
  const recording = recordingOf(existsSync(files.metrics) ? await readMetrics(files.metrics) : [], { set: heldOutSet });
  const names = existsSync(files.checkpoints) ? (await readdir(files.checkpoints)).filter((name) => name.startsWith('step-')).sort() : [];
  const { config: model } = await readRunModel(directory);
  return {
    kind: 'run',
    directory,
    model: `${kindOf(config)}, L=${model.numHiddenLayers} H=${model.hiddenSize} A=${model.numAttentionHeads} V=${model.vocabSize}`,
    steps: recording.curve.length,
    of: config.steps,
    seconds: recording.seconds,
    heldOutLoss: recording.evaluations.at(-1)?.loss,
    blocks: blockRuns(recording.active),
    checkpoints: await Promise.all(names.map((name) => checkpointLine(files.checkpoints, name))),
  };
}

/**
 * Looks at a run, or at a checkpoint in it.
 * @throws HooklineError `HOOKLINE_RUN`, `HOOKLINE_CHECKPOINT_MISSING`, `HOOKLINE_CHECKPOINT_DAMAGED`, `HOOKLINE_METRICS_FILE`
 */
export async function inspect(path: string): Promise<RunInspection | CheckpointInspection> {
  const { directory, checkpoint: name } = runPath(path);
  if (name === undefined) return inspectRun(directory);
  const { checkpoint } = await openCheckpoint(path, () => undefined);
  const weights = Object.entries(checkpointWeights(checkpoint.tensors)).map(([tensor, { shape }]) => ({ name: tensor, shape }));
  return {
    kind: 'checkpoint',
    name,
    step: checkpoint.step,
    position: checkpoint.position,
    parameters: weights.reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0),
    tensors: weights,
    slots: slotsOf(checkpoint.tensors),
    plugins: Object.keys(checkpoint.plugins),
    metrics: checkpoint.metrics,
    config: checkpoint.config,
  };
}
