import { expect, it } from 'vitest';
import { pretrainConfig } from '../pretrain/config.js';
import type { LesionedRun } from './lesion.js';
import { lesionReport, lesionTable } from './lesion-report.js';

const config = { ...pretrainConfig.parse({}), steps: 10 };
const run = (name: string, loss: number, increases: readonly number[]): LesionedRun => ({
  name,
  directory: `/runs/${name}`,
  config,
  loss,
  lesions: increases.map((mean, i) => ({ block: `encoder.${i}`, loss: loss + mean, increase: { mean, standardError: 0.01 } })),
});

const dense = run('dense', 5, [0.5, 0.1, 0.3]);
const dropped = run('dropped', 5.1, [0.2, -0.1]);

it('shows what each run loses, also runs of unlike depth', () => {
  const { columns, rows } = lesionTable([dense, dropped, run('none', 6, [])]);
  expect(columns).toEqual(['Run', 'Whole network', 'Mean increase', 'Largest', 'Without 1', 'Without 2', 'Without 3']);
  expect(rows).toEqual([
    ['dense', '5.0000', '+0.3000', '+0.5000 (block 1)', '+0.5000', '+0.1000', '+0.3000'],
    ['dropped', '5.1000', '+0.0500', '+0.2000 (block 1)', '+0.2000', '-0.1000', ''],
    ['none', '6.0000', '–', '–', '', '', ''],
  ]);
});

it('names the run that loses least, and tells the chart in words', async () => {
  const report = await lesionReport([dense, dropped], 'hookline study lesion …');
  expect(report.title).toBe('dropped loses least without a block: 0.050 nats on average');
  expect(report.figures![0]!.svg).toContain('aria-label="Increase of held-out loss by block left out. dense 0.500, 0.100, 0.300; dropped 0.200, -0.100."');
  expect((await lesionReport([dense], '')).title).toBe('Without one block the loss rises by 0.300 nats on average');
});
