import { join } from 'node:path';
import { type Checkpoint, HooklineError, type Tensors } from '@hookline/core';
import { fileStore, readCheckpoint } from '@hookline/core/node';
import { runFiles, runPath } from '../pretrain/files.js';

/**
 * The checkpoint that a path names: `RUN/checkpoints/step-…`, or the latest valid one of `RUN`.
 * @throws HooklineError `HOOKLINE_RUN`, `HOOKLINE_CHECKPOINT_MISSING`, `HOOKLINE_CHECKPOINT_DAMAGED`
 */
export async function openCheckpoint(
  path: string,
  onWarning: (message: string) => void,
): Promise<{ readonly directory: string; readonly checkpoint: Checkpoint }> {
  const { directory, checkpoint: name } = runPath(path);
  const folder = runFiles(directory).checkpoints;
  if (name !== undefined) return { directory, checkpoint: await readCheckpoint(join(folder, name)) };
  const latest = await fileStore(folder, { onWarning }).load();
  if (!latest) throw new HooklineError('HOOKLINE_CHECKPOINT_MISSING', `'${path}' has no valid checkpoint`, { hint: 'train it further, or name another run' });
  return { directory, checkpoint: latest };
}

/** Names of the slots that a checkpoint holds weights in, besides the trained ones. */
export const slotsOf = (tensors: Tensors): readonly string[] => [...new Set(Object.keys(tensors).flatMap((key) => /^slot:([^/]+)\//.exec(key)?.[1] ?? []))];
