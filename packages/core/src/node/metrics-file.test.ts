import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { memoryStore } from '../memory-store.js';
import { checkpoints, evaluateEvery } from '../plugins/index.js';
import { Logger } from '../services.js';
import { residualMlp } from '../testing/residual-mlp.js';
import { createTrainer } from '../trainer.js';
import type { CheckpointStore } from '../trainer-types.js';
import { metricsFile } from './metrics-file.js';
import { readMetrics } from './metrics-lines.js';

let directory: string;
let path: string;
let warnings: string[];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'hookline-metrics-'));
  path = join(directory, 'metrics.jsonl');
  warnings = [];
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const trainer = (store: CheckpointStore, more: object = {}) =>
  createTrainer({
    learner: residualMlp(),
    plugins: [metricsFile({ path }), checkpoints({ every: 4 }), evaluateEvery({ steps: 3 })],
    steps: 10,
    learningRate: 0.01,
    store,
    resume: true,
    services: (run) => run.register(Logger, { useFactory: (): Logger => ({ info: () => {}, warn: (message) => void warnings.push(message) }) }),
    ...more,
  });

/** Runs until a step is over, then leaves as a killed process would: nothing more is written. */
async function runUntil(store: CheckpointStore, index: number): Promise<void> {
  for await (const news of trainer(store).events('step')) if (news.index === index) break;
}

const timeless = async (file: string): Promise<string[]> => (await readMetrics(file)).map((line) => JSON.stringify({ ...line, time: 0, seconds: 0 }));

describe('metricsFile', () => {
  it('writes a line for every step, evaluation and checkpoint', async () => {
    await trainer(memoryStore()).run();
    const lines = await readMetrics(path);
    expect(lines.map(({ event }) => event[0]).join('')).toBe('sssescssesscsesec');
    expect(lines[0]).toMatchObject({ event: 'step', index: 0, total: 10, losses: { all: expect.any(Number) }, active: [true, true, true, true] });
    expect(lines.find((line) => line.event === 'evaluation')).toMatchObject({ step: 3, set: 'dev', metrics: { loss: expect.any(Number) } });
    expect(lines.at(-1)).toMatchObject({ event: 'checkpoint', step: 10 });
  });

  it.each([0, 2, 3, 4, 6, 7, 8])('is that of an uninterrupted run after a stop at step %d and a resume', async (index) => {
    await trainer(memoryStore()).run();
    const whole = await timeless(path);
    rmSync(path);
    const store = memoryStore();
    await runUntil(store, index);
    appendFileSync(path, '{"event":"st');
    await trainer(store).run();
    expect(await timeless(path)).toEqual(whole);
    expect(warnings).toEqual([]);
  });

  it('begins anew where there is no checkpoint yet', async () => {
    await runUntil(memoryStore(), 1);
    await trainer(memoryStore()).run();
    expect(await readMetrics(path)).toHaveLength(17);
  });

  it('goes on with a warning when the file was lost', async () => {
    const store = memoryStore();
    await runUntil(store, 5);
    rmSync(path);
    await trainer(store).run();
    expect(warnings).toEqual([expect.stringMatching(/metrics.jsonl has 0 lines where 5 were written before step 4/)]);
    expect((await readMetrics(path))[0]).toMatchObject({ event: 'checkpoint', step: 4 });
  });

  it('does not write over a file of another kind', async () => {
    writeFileSync(path, 'my notes');
    await expect(trainer(memoryStore()).run()).rejects.toMatchObject({ code: 'HOOKLINE_METRICS_FILE', hint: 'give metricsFile another path' });
    expect(readFileSync(path, 'utf8')).toBe('my notes');
  });

  it('ends the run when a line cannot be written', async () => {
    const run = trainer(memoryStore());
    run.on('step', ({ index }) => {
      if (index !== 2) return;
      rmSync(path);
      mkdirSync(path);
    });
    await expect(run.run()).rejects.toThrow(/metrics-file.*step 3.*cannot write .*EISDIR/s);
    expect(warnings).toHaveLength(1);
  });

  it('lies in the run directory by default', async () => {
    await createTrainer({ learner: residualMlp(), plugins: [metricsFile()], steps: 1, learningRate: 0.01, run: directory, store: memoryStore() }).run();
    expect(await readMetrics(path)).toHaveLength(2);
  });

  it('asks for a place where there is none', async () => {
    const run = createTrainer({ learner: residualMlp(), plugins: [metricsFile()], steps: 1, learningRate: 0.01 });
    await expect(run.run()).rejects.toMatchObject({ code: 'HOOKLINE_OPTIONS', message: expect.stringContaining('nowhere to write') });
  });
});
