import { HooklineError } from './errors.js';
import type { CheckpointStore } from './trainer-types.js';

/** Stands where there is no file system. @throws HooklineError `HOOKLINE_NO_FILES` */
export function openRun(directory: string, _warn?: (message: string) => void): CheckpointStore {
  throw new HooklineError('HOOKLINE_NO_FILES', `run: '${directory}' needs a file system, which there is none of here`, {
    hint: 'give a store: memoryStore(), or one of your own',
  });
}
