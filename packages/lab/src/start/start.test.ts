import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { corpusSets } from '@hookline/bert/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StartData } from './data.js';
import { type StartNews, type StartResult, start } from './start.js';

const words = ['the', 'state', 'of', 'union', 'is', 'strong', 'free', 'people', 'work', 'peace', 'law', 'land', 'year'];
const documents = Array.from({ length: 20 }, (_, d) => ({
  name: `${d}`,
  sentences: Array.from({ length: 12 }, (_, s) => Array.from({ length: 9 }, (_, i) => words[(d * 7 + s * 3 + i * i) % words.length]).join(' ')),
}));
const shape = {
  numHiddenLayers: 3,
  hiddenSize: 16,
  numAttentionHeads: 2,
  intermediateSize: 32,
  vocabSize: 140,
  sequenceLength: 16,
  batchSize: 4,
  maskedPerRow: 3,
  heldOutBatches: 6,
  evaluations: 3,
  steps: 30,
};

async function smallData(): Promise<StartData> {
  const { batchSize, sequenceLength, maskedPerRow } = shape;
  const sets = await corpusSets({
    source: documents,
    heldOut: 0.2,
    vocabSize: shape.vocabSize,
    batchSize,
    sequenceLength,
    maskedPerRow,
    evaluationBatches: shape.heldOutBatches,
    seed: 0,
  });
  shape.vocabSize = sets.vocabSize;
  return { pretraining: sets, about: '16 small documents', heldOut: '4 documents', unigramEntropy: sets.unigramEntropy };
}

describe('start', () => {
  const directory = mkdtempSync(join(tmpdir(), 'hookline-start-'));
  const news: StartNews[] = [];
  let data: StartData;
  let result: StartResult;
  beforeAll(async () => {
    data = await smallData();
    result = (await start({ directory, shape, data, onNews: (one) => void news.push(one) }))!;
  }, 60_000);
  afterAll(() => rmSync(directory, { recursive: true }));

  const row = (key: string) => result.summary.rows.find((one) => one.key === key)!;
  const variant = (name: string) => result.report.variants.find((one) => one.name === name)!;

  it('trains the five variants for their steps', () => {
    expect(result.summary.rows.map((one) => one.key)).toEqual(['dropping', 'dense', 'post', 'equalTime', 'control']);
    expect(result.lengths.steps).toBe(30);
    expect([row('dropping').steps, row('dense').steps, row('post').steps, row('control').steps]).toEqual([30, 30, 30, 30]);
    expect(row('equalTime').steps).toBe(result.lengths.equalTimeSteps);
    expect(row('equalTime').steps).toBeLessThanOrEqual(30);
  });

  it('runs fewer blocks with dropping, all without, none in the control', () => {
    expect(row('dense').blocks).toEqual({ run: 90, possible: 90 });
    expect(row('dropping').blocks.possible).toBe(90);
    expect(row('dropping').blocks.run).toBeLessThan(80);
    expect(row('control').blocks).toEqual({ run: 0, possible: 0 });
  });

  it('begins every PreLN run with the same weights on the same batch', () => {
    const [dropping, dense, equalTime] = [variant('PreLN + PLD'), variant('PreLN'), variant("PreLN in PLD's time")];
    expect(dropping.active![0]).toEqual([true, true, true]); // theta is 1 in the first step
    expect(dropping.curve[0]!.loss).toBe(dense.curve[0]!.loss);
    expect(equalTime.curve[0]!.loss).toBe(dense.curve[0]!.loss);
    expect(variant('PostLN').curve.at(-1)!.loss).not.toBe(dense.curve.at(-1)!.loss);
  });

  it('keeps evaluation off the clock: the last evaluation stands at the end of the training time', () => {
    for (const { curve, evaluations } of result.report.variants) expect(evaluations.at(-1)!.seconds).toBe(curve.at(-1)!.seconds);
  });

  it('measures losses batch by batch against the control', () => {
    expect(row('control').againstControl).toBeUndefined();
    const { mean, standardError } = row('dense').againstControl!;
    expect(mean).toBeCloseTo(row('dense').heldOutLoss - row('control').heldOutLoss, 3);
    expect(standardError).toBeGreaterThan(0);
  });

  it('writes the report and its picture, and tells how it goes', () => {
    expect(result.path).toBe(join(directory, 'report.html'));
    expect(readFileSync(result.path, 'utf8')).toContain('PreLN in PLD&#39;s time');
    expect(existsSync(join(directory, 'report.svg'))).toBe(true);
    expect(news.filter((one) => one.kind === 'stage').map((one) => one.text)).toEqual([
      'corpus: 16 small documents; held out: 4 documents',
      'timing the first steps',
      expect.stringMatching(/^a dense step takes \d+ ms; 30 steps each/),
    ]);
    expect(news.filter((one) => one.kind === 'progress').length).toBeGreaterThanOrEqual(13);
  });

  it.each([
    ['while the first steps are timed', (one: StartNews) => one.kind === 'stage' && one.text.startsWith('timing'), 0],
    ['in the first chunk', (one: StartNews) => one.kind === 'stage' && one.text.startsWith('a dense step'), 0],
    ['after the second chunk', (one: StartNews, told: number) => one.kind === 'progress' && told === 2, 2],
  ])('ends where it is told to, without a report: %s', async (_, when, chunks) => {
    const stop = new AbortController();
    const other = join(directory, 'stopped');
    let told = 0;
    const onNews = (one: StartNews): void => {
      if (one.kind === 'progress') told++;
      if (when(one, told)) stop.abort();
    };
    expect(await start({ directory: other, shape, data, signal: stop.signal, onNews })).toBeUndefined();
    expect(told).toBe(chunks);
    expect(existsSync(other)).toBe(false);
  });

  it('ends while the speeches are read', async () => {
    const onNews = (one: StartNews): void => {
      expect(one.kind === 'stage' && one.text).toMatch(/^reading the corpus/); // and nothing after
      setImmediate(() => stop.abort());
    };
    const stop = new AbortController();
    expect(await start({ directory, shape, signal: stop.signal, onNews })).toBeUndefined();
  });

  it('refuses at once a directory that cannot be made', async () => {
    const onNews = (): void => expect.unreachable();
    await expect(start({ directory: join(result.path, 'in'), onNews })).rejects.toThrow(/report\.html' is a file; choose another place/);
  });
});
