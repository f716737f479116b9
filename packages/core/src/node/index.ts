export { checkpointName, readCheckpoint, readCheckpointManifest } from './checkpoint-directory.js';
export { type FileStoreOptions, fileStore } from './file-store.js';
export { openRun } from './run-storage.js';
