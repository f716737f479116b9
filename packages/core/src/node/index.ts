export { checkpointName, readCheckpoint, readCheckpointManifest } from './checkpoint-directory.js';
export { consoleProgress, type ProgressStream } from './console-progress.js';
export { readWhole, sha256, syncDirectory, systemCode, writeError, writeSynced } from './durable-files.js';
export { bestCheckpoint, type FileStoreOptions, fileStore } from './file-store.js';
export { type InterruptSignal, interruptSignal } from './interrupt.js';
export { metricsFile } from './metrics-file.js';
export { type MetricsKind, type MetricsLine, parseMetrics, readMetrics } from './metrics-lines.js';
export { evaluationLine, formatBar, formatDuration, type Progress, plainLine, progressParts, terminalLine } from './progress-line.js';
export { openRun } from './run-storage.js';
