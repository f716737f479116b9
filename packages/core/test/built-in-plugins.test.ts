/** Every built-in plugin: a run that is killed after any step and resumed equals the uninterrupted one. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { map, scan } from 'rxjs';
import { afterAll, describe, expect, it } from 'vitest';
import type { StepEvent } from '../src/events.js';
import * as core from '../src/index.js';
import * as node from '../src/node/index.js';
import type { Plugin } from '../src/plugin.js';
import { residualMlp } from '../src/testing/residual-mlp.js';
import { resumeConformance } from '../src/testing/resume-conformance.js';

const directory = mkdtempSync(join(tmpdir(), 'hookline-built-in-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const loss = { set: 'dev', metric: 'loss', mode: 'min' } as const;
const silent = { write: () => true };

/** Each built-in plugin by its exported name, with options under which it does something in 12 steps. */
const cases: Readonly<Record<string, () => Plugin>> = {
  learningRate: () => core.learningRate({ schedule: 'cosine', peak: 0.05, warmup: 0.2 }),
  linearWarmup: () => core.linearWarmup({ peak: 0.05, warmup: 3 }),
  clipGradients: () => core.clipGradients({ perBlock: 0.05 }),
  accumulateGradients: () => core.accumulateGradients({ microBatches: 3 }),
  weightAveraging: () => core.weightAveraging({ decay: 0.9, warmup: true }),
  checkpoints: () => core.checkpoints({ every: 5, best: loss }),
  earlyStopping: () => core.earlyStopping({ ...loss, minDelta: 1000, patience: 5 }),
  evaluateEvery: () => core.evaluateEvery({ steps: 2, atStart: true }),
  metricsFile: () => node.metricsFile({ path: join(directory, 'metrics.jsonl') }),
  consoleProgress: () => node.consoleProgress({ stream: silent }),
  blockStatistics: () => core.blockStatistics({ every: 2 }),
  lesioning: () => core.lesioning({ when: 'always' }),
  profiler: () => node.profiler({ path: join(directory, 'trace.json'), log: false }),
  tensorBoard: () => node.tensorBoard({ folder: join(directory, 'tensorboard') }),
};

/** Steps after which each run is killed; early stopping ends its run after six evaluations. */
const kills: Readonly<Record<string, readonly number[]>> = { earlyStopping: [0, 2, 3, 4] };

const isFactory = (value: unknown): boolean => typeof value === 'function' && 'pluginName' in value;

it('covers every built-in plugin', () => {
  const exported = Object.entries({ ...core, ...node }).filter(([, value]) => isFactory(value));
  expect(exported.map(([name]) => name).sort()).toEqual(Object.keys(cases).sort());
});

describe.each(Object.entries(cases))('%s', (name, make) => {
  it('resumes bit for bit', async () => {
    const learner = () => residualMlp({ depth: 2, dropout: 0.2 });
    const chosen = kills[name] ?? [0, 2, 3, 4, 6, 7, 9];
    const report = await resumeConformance({ plugins: () => [make()], learner, kills: chosen, evaluateEvery: 1 });
    expect(report.kills.map(({ after }) => after)).toEqual(chosen);
  });
});

it('resumes bit for bit with all of them together', async () => {
  const { linearWarmup: _, earlyStopping: __, ...together } = cases;
  const report = await resumeConformance({ plugins: () => Object.values(together).map((make) => make()), kills: [1, 4, 5, 8, 10] });
  expect(report.kills.length).toBe(5);
});

it('finds out a plugin whose state lives in scan', async () => {
  const rateByScan: Plugin = {
    name: 'rate-by-scan',
    onStep: (source) =>
      source.pipe(
        scan<StepEvent, { rate: number; event: StepEvent }, undefined>((last, event) => ({ rate: (last?.rate ?? 0.1) * 0.99, event }), undefined),
        map(({ rate, event }) => (event.phase === 'begin' ? { ...event, learningRate: rate } : event)),
      ),
  };
  const proof = resumeConformance({ plugins: () => [rateByScan], kills: [4] });
  await expect(proof).rejects.toMatchObject({ code: 'HOOKLINE_RESUME', message: expect.stringContaining('killed after step 4') });
});
