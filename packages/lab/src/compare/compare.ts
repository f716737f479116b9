import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, relative } from 'node:path';
import { HooklineError } from '@hookline/core';
import { readMetrics } from '@hookline/core/node';
import { requireFilePlace } from '../places.js';
import { runFiles } from '../pretrain/files.js';
import type { Recording } from '../recording/recording.js';
import { type Report, renderReport } from '../report/index.js';
import { compareReport } from './compare-report.js';
import { originOf, type RunOrigin, recordedBy, runsIn, scoreOf } from './origin.js';

/** A run as it is compared. */
export interface ComparedRun {
  /** Its directory's name; made distinct where two have the same. */
  readonly name: string;
  readonly directory: string;
  readonly origin: RunOrigin;
  /** Steps that it was planned for. */
  readonly total: number;
  readonly recording: Recording;
  /** Of a fine-tuned run: the task's score at its latest evaluation. */
  readonly score: number | undefined;
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

/**
 * Reads finished or unfinished runs: of `pretrain`, of `finetune`, or of the user's own program with `metricsFile()`. A directory with a run for each seed
 * stands for all of them.
 * @throws HooklineError `HOOKLINE_RUN`, `HOOKLINE_METRICS_FILE`
 */
export async function readRuns(paths: readonly string[]): Promise<readonly ComparedRun[]> {
  const directories = paths.flatMap(runsIn);
  if (new Set(directories).size < directories.length) throw new HooklineError('HOOKLINE_RUN', 'a run is named twice', { hint: 'name each run once' });
  const names = distinctNames(directories);
  return Promise.all(
    directories.map(async (directory, i): Promise<ComparedRun> => {
      const origin = originOf(directory);
      const lines = await readMetrics(runFiles(directory).metrics);
      const last = lines.findLast((line) => line.event === 'step');
      if (!last)
        throw new HooklineError('HOOKLINE_RUN', `the run '${directories.length === paths.length ? paths[i] : directory}' has no step yet`, {
          hint: 'train it first',
        });
      const total = origin.kind === 'pretraining' ? origin.config.steps : last.total;
      return { name: names[i]!, directory, origin, total, recording: recordedBy(origin, lines), score: scoreOf(origin, lines) };
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
