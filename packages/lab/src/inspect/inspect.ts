import { existsSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { checkpointWeights } from '@hookline/bert';
import { readRunModel } from '@hookline/bert/node';
import { HooklineError, type Scalars, type Tensors } from '@hookline/core';
import { readCheckpoint, readCheckpointManifest, readMetrics } from '@hookline/core/node';
import { nameOf, originOf, type RunOrigin, recordedBy, runsIn, scoreOf } from '../compare/origin.js';
import { runFiles, runPath, savedCheckpoints } from '../pretrain/files.js';
import { heldOutSet } from '../pretrain/plugins.js';
import { blockRuns } from '../recording/recording.js';

/** A checkpoint as `inspect` lists it. */
export interface CheckpointLine {
  readonly name: string;
  readonly step: number | undefined;
  readonly heldOutLoss: number | undefined;
  /** Of a fine-tuned run: the task's score. */
  readonly score: number | undefined;
  /** Why it cannot be used, if it cannot. */
  readonly damaged: string | undefined;
}

/** What is known of a run. */
export interface RunInspection {
  readonly kind: 'run';
  readonly directory: string;
  readonly model: string;
  readonly steps: number;
  /** Steps that it was planned for; undefined where no step says so yet. */
  readonly of: number | undefined;
  readonly seconds: number;
  readonly heldOutLoss: number | undefined;
  /** Of a fine-tuned run: the task's score at its latest evaluation. */
  readonly score: number | undefined;
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

async function checkpointLine(folder: string, name: string, { kind }: RunOrigin): Promise<CheckpointLine> {
  try {
    const { step, metrics } = await readCheckpointManifest(join(folder, name));
    const [first] = Object.values(metrics);
    const heldOutLoss = kind === 'pretraining' ? metrics[heldOutSet]?.['mlmLoss'] : first?.['loss'];
    return { name, step, heldOutLoss, score: kind === 'fine-tuning' ? first?.['score'] : undefined, damaged: undefined };
  } catch (error) {
    if (!(error instanceof HooklineError)) throw error;
    return { name, step: undefined, heldOutLoss: undefined, score: undefined, damaged: error.message };
  }
}

/** What a run trained, and the size of its BERT. */
async function modelOf(directory: string, origin: RunOrigin): Promise<string> {
  if (origin.kind === 'own') return nameOf(origin);
  const { config } = await readRunModel(directory);
  return `${nameOf(origin)}, L=${config.numHiddenLayers} H=${config.hiddenSize} A=${config.numAttentionHeads} V=${config.vocabSize}`;
}

async function inspectRun(directory: string): Promise<RunInspection> {
  const origin = originOf(directory);
  const files = runFiles(directory);
  const lines = existsSync(files.metrics) ? await readMetrics(files.metrics) : [];
  const recording = recordedBy(origin, lines);
  const names = savedCheckpoints(directory);
  return {
    kind: 'run',
    directory,
    model: await modelOf(directory, origin),
    steps: recording.curve.length,
    of: origin.kind === 'pretraining' ? origin.config.steps : lines.findLast((line) => line.event === 'step')?.total,
    seconds: recording.seconds,
    heldOutLoss: recording.evaluations.at(-1)?.loss,
    score: scoreOf(origin, lines),
    blocks: blockRuns(recording.active),
    checkpoints: await Promise.all(names.map((name) => checkpointLine(files.checkpoints, name, origin))),
  };
}

/** Names of the slots that a checkpoint holds weights in, besides the trained ones. */
const slotsOf = (tensors: Tensors): readonly string[] => [...new Set(Object.keys(tensors).flatMap((key) => /^slot:([^/]+)\//.exec(key)?.[1] ?? []))];

/** The weights in what a checkpoint holds; all of it where a learner of another kind named them in its own way. */
function weightsIn(tensors: Tensors): CheckpointInspection['tensors'] {
  const own = Object.keys(tensors).some((name) => name.startsWith('weights/')) ? checkpointWeights(tensors) : tensors;
  return Object.entries(own).map(([name, { shape }]) => ({ name, shape }));
}

/**
 * Looks at a run of `pretrain`, `finetune` or a user's own program, at those of several seeds, or at a checkpoint.
 * @throws HooklineError `HOOKLINE_RUN`, `HOOKLINE_CHECKPOINT_MISSING`, `HOOKLINE_CHECKPOINT_DAMAGED`, `HOOKLINE_METRICS_FILE`
 */
export async function inspect(path: string): Promise<readonly RunInspection[] | readonly [CheckpointInspection]> {
  if (basename(dirname(resolve(path))) !== 'checkpoints') return Promise.all(runsIn(path).map(inspectRun));
  const { directory, checkpoint: name } = runPath(path, { own: true });
  const checkpoint = await readCheckpoint(join(runFiles(directory).checkpoints, name!));
  const weights = weightsIn(checkpoint.tensors);
  return [
    {
      kind: 'checkpoint',
      name: name!,
      step: checkpoint.step,
      position: checkpoint.position,
      parameters: weights.reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0),
      tensors: weights,
      slots: slotsOf(checkpoint.tensors),
      plugins: Object.keys(checkpoint.plugins),
      metrics: checkpoint.metrics,
      config: checkpoint.config,
    },
  ];
}
