import { describe, expect, it } from 'vitest';
import type { Plugin } from '../plugin.js';
import { evaluateEvery } from '../plugins/index.js';
import { Clock } from '../services.js';
import { residualMlp } from '../testing/residual-mlp.js';
import { createTrainer } from '../trainer.js';
import { consoleProgress, type ProgressStream, rateOf } from './console-progress.js';

const clear = '\r\u001b[K';

/** What a run of 8 steps of a second each writes; the time goes on with every step. */
async function written(stream: Pick<ProgressStream, 'isTTY' | 'columns'>, options: object = {}): Promise<string[]> {
  const texts: string[] = [];
  const out = { ...stream, write: (text: string) => void texts.push(text) };
  let now = 0;
  const ticking: Plugin = {
    name: 'ticking',
    setup: (run) => {
      run.on('step', () => {
        now += 1;
      });
      return {};
    },
  };
  const trainer = createTrainer({
    learner: residualMlp(),
    plugins: [ticking, consoleProgress({ stream: out, ...options }), evaluateEvery({ steps: 4 })],
    steps: 8,
    learningRate: 0.01,
    services: (run) => run.register(Clock, { useFactory: (): Clock => ({ seconds: () => now, now: () => 0 }) }),
  });
  await trainer.run();
  return texts;
}

describe('consoleProgress', () => {
  it('redraws one line on a terminal, evaluations above it', async () => {
    const texts = await written({ isTTY: true, columns: 100 });
    const lines = texts.slice(0, -1).map((text) => {
      expect(text.startsWith(clear)).toBe(true);
      return text.slice(clear.length);
    });
    expect(lines[0]).toMatch(/^\[=>.*\] {2}1\/8 {2}1 steps\/s {2}0:07 left {2}loss [\d.]+ {2}blocks 4\/4$/);
    expect(lines[4]).toMatch(/^after step 4, dev: loss [\d.]+, all [\d.]+, masked [\d.]+\n$/);
    expect(lines[5]).toMatch(/4\/8 {2}1 steps\/s {2}0:04 left/);
    expect(lines.at(-1)).toMatch(/8\/8 {2}1 steps\/s {2}0:00 left/);
    expect(texts.at(-1)).toBe('\n');
  });

  it('writes plain lines every few seconds elsewhere, and the last step', async () => {
    const texts = await written({}, { interval: 3 });
    expect(texts.map((text) => text.split(/[,:(]/)[0]!.trim())).toEqual(['step 1/8', 'step 4/8', 'after step 4', 'step 7/8', 'after step 8', 'step 8/8']);
    expect(texts.every((text) => text.endsWith('\n') && !text.includes('\r'))).toBe(true);
  });

  it('refuses what cannot be written to', () => {
    expect(() => consoleProgress({ stream: {} as never })).toThrow(/write method/);
  });
});

describe('rateOf', () => {
  it.each([
    [[], undefined],
    [[1], undefined],
    [[1, 1], undefined],
    [[1, 2, 5], 0.5],
  ])('of %o is %s', (times, rate) => {
    expect(rateOf(times)).toBe(rate);
  });
});
