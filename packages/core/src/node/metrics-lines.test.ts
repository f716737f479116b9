import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { News } from '../trainer-types.js';
import { metricsLine, parseMetrics, readMetrics } from './metrics-lines.js';

const directory = mkdtempSync(join(tmpdir(), 'hookline-metrics-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const step: News['step'] = {
  index: 0,
  total: 2,
  epoch: 0,
  loss: 1.5,
  losses: { mlm: 1, nsp: 0.5 },
  gradientNorm: 2,
  learningRate: 1e-3,
  activeBlocks: 1,
  active: [true, false],
  report: { theta: 0.5 },
  skipped: false,
  seconds: 0.1,
};
const text = [
  metricsLine('step', step, 5),
  metricsLine('evaluation', { step: 1, set: 'dev', metrics: { loss: 1, f1: Number.NaN }, seconds: 0.2 }, 6),
  metricsLine('checkpoint', { step: 1 }, 7),
].join('');

describe('parseMetrics', () => {
  it('reads what was written, NaN included', () => {
    expect(parseMetrics(text, 'it')).toEqual([
      { event: 'step', time: 5, ...step },
      { event: 'evaluation', time: 6, step: 1, set: 'dev', metrics: { loss: 1, f1: Number.NaN }, seconds: 0.2 },
      { event: 'checkpoint', time: 7, step: 1 },
    ]);
    expect(text.split('\n')).toHaveLength(4);
  });

  it('leaves out a last line that was cut', () => {
    for (const cut of [1, 5, 30]) expect(parseMetrics(text.slice(0, -cut), 'it')).toHaveLength(2);
    expect(parseMetrics('', 'it')).toEqual([]);
    expect(parseMetrics('{"ev', 'it')).toEqual([]);
  });

  it.each(['no json\n', '{"event":"party","time":1}\n', '{"event":"checkpoint","time":1}\n', '\n'])('names the line that is none: %j', (line) => {
    expect(() => parseMetrics(text + line + text, 'run/metrics.jsonl')).toThrow(/run\/metrics.jsonl, line 4/);
    expect(() => parseMetrics(line, 'it')).toThrow(expect.objectContaining({ code: 'HOOKLINE_METRICS_FILE' }));
  });
});

describe('readMetrics', () => {
  it('reads a file', async () => {
    const path = join(directory, 'metrics.jsonl');
    writeFileSync(path, text);
    expect(await readMetrics(path)).toHaveLength(3);
  });

  it('says which file cannot be read', async () => {
    await expect(readMetrics(join(directory, 'none'))).rejects.toMatchObject({
      code: 'HOOKLINE_METRICS_FILE',
      message: expect.stringContaining('none (ENOENT)'),
    });
  });
});
