import { join } from 'node:path';
import type { CheckpointStore } from '../trainer-types.js';
import { fileStore } from './file-store.js';

/**
 * The checkpoints of a run directory: `RUN/checkpoints/step-00000100/`.
 * @param onWarning told of a damaged checkpoint that is passed over; default `console.warn`
 */
export const openRun = (directory: string, onWarning?: (message: string) => void): CheckpointStore =>
  fileStore(join(directory, 'checkpoints'), onWarning ? { onWarning } : {});
