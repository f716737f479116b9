import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { during } from '../hooks/during.js';
import { memoryStore } from '../memory-store.js';
import type { Plugin } from '../plugin.js';
import { accumulateGradients } from '../plugins/accumulate-gradients.js';
import { Clock, Logger } from '../services.js';
import { residualMlp } from '../testing/residual-mlp.js';
import { createTrainer } from '../trainer.js';
import { createMarker, profileTable } from './profile.js';
import { profiler } from './profiler.js';
import { readProfile } from './trace-events.js';

const directory = mkdtempSync(join(tmpdir(), 'hookline-trace-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** A learner each of whose parts takes a known time, by a clock that nothing else moves. */
function timed() {
  let now = 100;
  const spend = (seconds: number): void => {
    now += seconds;
  };
  const taking =
    <A extends readonly unknown[], R>(seconds: number, work: (...args: A) => R) =>
    (...args: A): R => {
      spend(seconds);
      return work(...args);
    };
  const learner = residualMlp({ depth: 2 });
  const { data, algebra, gradients, update, evaluate } = learner;
  const clock: Clock = { seconds: () => now, now: () => 1000 * now };
  return {
    clock,
    learner: {
      ...learner,
      data: { ...data, batch: taking(1, data.batch) },
      algebra: { ...algebra, run: (...call: Parameters<typeof algebra.run>) => taking(call[0].name === 'block.0' ? 4 : 8, algebra.run)(...call) },
      gradients: (...given: Parameters<typeof gradients>) => {
        spend(2); // the stem
        const found = gradients(...given);
        spend(16); // head and backward pass
        return found;
      },
      update: taking(32, update),
      evaluate: taking(64, evaluate),
    },
  };
}

async function profiled(options: Parameters<typeof profiler>[0], more: readonly Plugin[] = [], steps = 3) {
  const { clock, learner } = timed();
  const path = join(directory, `${Math.random()}`, 'trace.json');
  const info = vi.fn();
  const trainer = createTrainer({
    learner,
    plugins: [profiler({ path, ...options }), ...more],
    steps,
    learningRate: 0.1,
    store: memoryStore(),
    services: (run) => void run.register(Clock, { useFactory: () => clock }).register(Logger, { useFactory: () => ({ info, warn: () => undefined }) }),
  });
  await trainer.run();
  return { profile: await readProfile(path), trace: JSON.parse(readFileSync(path, 'utf8')), info };
}

const asTable = (rows: readonly { part: string; name: string; calls: number; seconds: number }[]) =>
  rows.filter(({ part }) => part !== 'other').map(({ name, calls, seconds }) => [name, calls, seconds]);

describe('the table', () => {
  it('divides the time of a run by part and block', async () => {
    const closed: Plugin = {
      name: 'closed',
      onStep: during('begin', (step) => ({ ...step, gates: step.gates.map((gate, i) => ({ ...gate, active: i === 0 || step.index > 0 })) })),
    };
    const evaluated: Plugin = { name: 'evaluated', onStep: during('end', (step) => ({ ...step, evaluate: step.index === 2 ? ['dev'] : [] })) };
    const { profile, info } = await profiled({}, [closed, evaluated]);
    // By hand: three steps; block 1 does not run in the first; an evaluation runs both blocks on two batches.
    expect(asTable(profile.rows)).toEqual([
      ['data', 3, 3],
      ['stem', 6, 6],
      ['block.0', 3, 12],
      ['block.1', 2, 16],
      ['backward', 3, 48],
      ['optimizer', 3, 96],
      ['dev', 1, 64 + 2 * 12],
      ['checkpoint', 1, 0],
    ]);
    expect(profile.steps).toBe(3);
    expect(profile.seconds).toBe(3 + 6 + 12 + 16 + 48 + 96 + 88);
    expect(profile.rows.reduce((sum, { seconds }) => sum + seconds, 0)).toBe(profile.seconds);
    expect(info.mock.calls.map(([line]) => line).join('\n')).toMatch(/3 steps in 269\.00 s:\nPart .*\nreading batches +3 +3\.000 +1\.1 % +1000\.000\n/);
  });

  it('gives what lies between micro-batches to the backward pass', async () => {
    const { profile } = await profiled({}, [accumulateGradients({ microBatches: 2 })], 1);
    expect(asTable(profile.rows)).toEqual([
      ['data', 1, 2],
      ['stem', 3, 2],
      ['block.0', 2, 8],
      ['block.1', 2, 16],
      ['backward', 2, 16 + 2 + 16],
      ['optimizer', 1, 32],
      ['checkpoint', 1, 0],
    ]);
  });

  it('reads as text', () => {
    const rows = [
      { part: 'block', name: 'b', calls: 4, seconds: 1 },
      { part: 'evaluation', name: 'dev', calls: 1, seconds: 3 },
    ] as const;
    expect(profileTable({ rows, steps: 4, seconds: 4 }).rows).toEqual([
      ['b, forward', '4', '1.000', '25.0 %', '250.000'],
      ['evaluation of dev', '1', '3.000', '75.0 %', '3000.000'],
    ]);
  });

  it('knows no negative time, whatever a clock says', () => {
    let now = 5;
    const marker = createMarker({ seconds: () => now, now: () => 0 });
    now = 4;
    marker.mark('other');
    expect(marker.profile().seconds).toBe(0);
  });
});

describe('the trace', () => {
  it('holds an event for each span, in microseconds, inside its step', async () => {
    const { trace } = await profiled({}, [], 1);
    const spans = trace.traceEvents.filter(({ ph, dur }: { ph: string; dur: number }) => ph === 'X' && dur > 0);
    expect(spans.map(({ name, cat, ts, dur }: Record<string, unknown>) => [name, cat, ts, dur])).toEqual([
      ['step 0', 'step', 0, 63e6],
      ['data', 'data', 0, 1e6],
      ['stem', 'stem', 1e6, 2e6],
      ['block.0', 'block', 3e6, 4e6],
      ['block.1', 'block', 7e6, 8e6],
      ['backward', 'backward', 15e6, 16e6],
      ['optimizer', 'optimizer', 31e6, 32e6],
    ]);
    expect(trace.displayTimeUnit).toBe('ms');
    expect(trace.traceEvents.every(({ pid, tid }: Record<string, unknown>) => pid === 1 && tid === 1)).toBe(true);
  });

  it('shows the first steps only; the table has all', async () => {
    const { trace, profile } = await profiled({ traceSteps: 2, log: false }, [], 5);
    expect(new Set(trace.traceEvents.flatMap(({ args }: { args: { step?: number } }) => args.step ?? []))).toEqual(new Set([0, 1]));
    expect(profile.steps).toBe(5);
  });

  it('must have a place', async () => {
    const run = (plugin: Plugin) => createTrainer({ learner: residualMlp(), plugins: [plugin], steps: 1, learningRate: 0.1 }).run();
    await expect(run(profiler())).rejects.toThrow("plugin 'profiler' has nowhere to write");
    const file = join(directory, 'file');
    writeFileSync(file, '');
    await expect(run(profiler({ path: join(file, 'trace.json') }))).rejects.toMatchObject({ code: 'HOOKLINE_WRITE' });
    await expect(readProfile(file)).rejects.toMatchObject({ code: 'HOOKLINE_TRACE_FILE' });
  });
});

it('waits for the device at each border where it is told to', async () => {
  const learner = residualMlp({ depth: 2 });
  const norm = vi.fn(learner.algebra.norm);
  const run = async (synchronize: boolean) => {
    norm.mockClear();
    const plugins = [profiler({ path: join(directory, 'trace.json'), synchronize, log: false })];
    await createTrainer({ learner: { ...learner, algebra: { ...learner.algebra, norm } }, plugins, steps: 1, learningRate: 0.1 }).run();
    return norm.mock.calls.length;
  };
  expect(await run(false)).toBe(0);
  expect(await run(true)).toBe(4);
});
