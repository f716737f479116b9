import type { CheckpointStore } from '../trainer-types.js';
import { indexedDbStore } from './indexed-db-store.js';

/**
 * The checkpoints of a run in a browser: what is a directory elsewhere is a database here.
 * @param onWarning told of a damaged checkpoint that is passed over; default `console.warn`
 * @throws HooklineError `HOOKLINE_NO_FILES` where there is neither
 */
export const openRun = (name: string, onWarning?: (message: string) => void): CheckpointStore => indexedDbStore({ name, ...(onWarning ? { onWarning } : {}) });
