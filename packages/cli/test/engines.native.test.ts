import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { hookline } from './run-hookline.js';
import { makeWorkspace, removeWorkspace } from './workspace.js';

let cwd = '';
beforeAll(async () => {
  cwd = await makeWorkspace();
}, 120_000);
afterAll(() => removeWorkspace(cwd));

it('lists the native engine first, with its version and device', async () => {
  const { code, out, err } = await hookline(['engines'], { cwd });
  expect({ code, err }).toEqual({ code: 0, err: [] });
  expect(out.split('\n')[0]).toMatch(/^native {2}TensorFlow 2\.21\.0 on the [CG]PU \(version 4\.22\.0\)$/);
});

it('trains on it, prints nothing of TensorFlow’s, counts the graphs, and does the same again', async () => {
  const model = ['--layers', '2', '--hidden-size', '8', '--heads', '2', '--sequence-length', '8', '--batch-size', '2', '--pld', '0.5'];
  const files = ['--corpus', 'corpus.txt', '--vocabulary', 'vocab.txt', '--steps', '6', '--evaluate-every', '3'];
  const losses: string[][] = [];
  for (const run of ['a', 'b']) {
    const { code, out, err } = await hookline(['pretrain', ...files, ...model, '--engine', 'native', '--run', run, '--json'], { cwd });
    expect({ code, err }).toEqual({ code: 0, err: [] });
    expect(out).toContain('engine native 4.22.0: TensorFlow 2.21.0 on the');
    expect(out).toMatch(/compiled: \d+ graphs, recorded \d+ times, replayed \d+ times/);
    const lines = readFileSync(join(cwd, run, 'metrics.jsonl'), 'utf8')
      .trim()
      .split('\n');
    losses.push(lines.map((line) => JSON.stringify({ ...(JSON.parse(line) as object), time: 0, seconds: 0 })));
  }
  expect(losses[0]!.length).toBeGreaterThan(6);
  expect(losses[1]).toEqual(losses[0]);
});
