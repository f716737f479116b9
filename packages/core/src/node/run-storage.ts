import { join } from 'node:path';
import type { CheckpointStore } from '../trainer-types.js';
import { fileStore } from './file-store.js';

/** The checkpoints of a run directory: `RUN/checkpoints/step-00000100/`. */
export const openRun = (directory: string): CheckpointStore => fileStore(join(directory, 'checkpoints'));
