import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, relative, resolve } from 'node:path';
import { HooklineError } from '@hookline/core';
import { type MetricsLine, readMetrics } from '@hookline/core/node';
import { requireFilePlace } from '../places.js';
import type { CompleteConfig } from '../pretrain/config.js';
import { readRunConfig, runFiles, runPath } from '../pretrain/files.js';
import { heldOutSet, methodOf } from '../pretrain/plugins.js';
import { type Recording, recordingOf } from '../recording/recording.js';
import { type Report, renderReport } from '../report/index.js';
import { compareReport } from './compare-report.js';

/** A run as it is compared. */
export interface ComparedRun {
  /** Its directory's name; made distinct where two have the same. */
  readonly name: string;
  readonly directory: string;
  /** Undefined for a run of the user's own program, of which there is a metrics file alone. */
  readonly config: CompleteConfig | undefined;
  /** Steps that it was planned for. */
  readonly total: number;
  readonly recording: Recording;
}

/** The name of what a run trained, e.g. `PreLN + progressive layer dropping`. */
export function kindOf(complete: CompleteConfig | undefined): string {
  if (!complete) return 'own program';
  const { model, ...config } = complete;
  const method = methodOf(config);
  return `${model.norm === 'post' ? 'PostLN' : 'PreLN'}${method ? ` + ${method.name}` : ''}`;
}

/** The shortest ends of paths that tell them apart. */
export function distinctNames(paths: readonly string[]): readonly string[] {
  const parts = paths.map((path) => path.split(/[\\/]/).filter((part) => part !== ''));
  for (let depth = 1; depth < 40; depth++) {
    const names = parts.map((part) => part.slice(-depth).join('/'));
    if (new Set(names).size === names.length) return names;
  }
  return paths;
}

/** A directory that a trainer with `metricsFile()` wrote, and none of hookline's commands. */
const isOwnProgram = (path: string): boolean => {
  const { config, metrics } = runFiles(resolve(path));
  return !existsSync(config) && existsSync(metrics);
};

function recorded(lines: readonly MetricsLine[], config: CompleteConfig | undefined): Recording {
  if (config) return recordingOf(lines, { set: heldOutSet, tokensAStep: config.batchSize * config.sequenceLength * config.accumulation });
  const first = lines.find((line) => line.event === 'evaluation');
  return recordingOf(lines, { metric: 'loss', ...(first ? { set: first.set } : {}) });
}

/**
 * Reads finished or unfinished runs. One of the user's own program is read from its metrics file: its held-out loss is the metric `loss`
 * of the set that was evaluated first.
 * @throws HooklineError `HOOKLINE_RUN`, `HOOKLINE_METRICS_FILE`
 */
export async function readRuns(paths: readonly string[]): Promise<readonly ComparedRun[]> {
  const directories = paths.map((path) => (isOwnProgram(path) ? resolve(path) : runPath(path).directory));
  if (new Set(directories).size < directories.length) throw new HooklineError('HOOKLINE_RUN', 'a run is named twice', { hint: 'name each run once' });
  const names = distinctNames(directories);
  return Promise.all(
    directories.map(async (directory, i): Promise<ComparedRun> => {
      const config = isOwnProgram(directory) ? undefined : readRunConfig(directory);
      const lines = await readMetrics(runFiles(directory).metrics);
      const recording = recorded(lines, config);
      const last = lines.findLast((line) => line.event === 'step');
      if (!last) throw new HooklineError('HOOKLINE_RUN', `the run '${paths[i]}' has no step yet`, { hint: 'train it first' });
      return { name: names[i]!, directory, config, total: config?.steps ?? last.total, recording };
    }),
  );
}

/**
 * Compares runs at equal steps, tokens and wall-clock.
 * @param out path of the HTML file to write
 * @throws HooklineError `HOOKLINE_WRITE`, `HOOKLINE_PERMISSION`, and as `readRuns`
 */
export async function compareRuns(paths: readonly string[], out: string): Promise<{ readonly report: Report; readonly path: string }> {
  const runs = await readRuns(paths);
  requireFilePlace(out);
  const report = compareReport(runs, `hookline compare ${paths.map((path) => relative('.', path) || '.').join(' ')}`);
  await mkdir(dirname(out), { recursive: true });
  await writeFile(out, await renderReport(report));
  return { report, path: out };
}
