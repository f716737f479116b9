import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { studyCells } from './cells.js';
import { readOutcome } from './run-cell.js';

const [cell] = studyCells({ tasks: ['rte'], checkpoints: [{ name: 'one', path: 'model' }], methods: ['none'], seeds: 1, data: 'data' });
const config = cell!.config;
const outcome = { score: 0.5, best: 0.5, metrics: { score: 0.5 }, failed: true, seconds: 1, peakMemory: 1, jobs: 1 };

function directoryWith(files: Readonly<Record<string, unknown>>): string {
  const directory = mkdtempSync(join(tmpdir(), 'hookline-cell-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), typeof content === 'string' ? content : JSON.stringify(content));
  return directory;
}

it('takes a result of before digests and processor seconds were kept, and settings of before a key was added', () => {
  const { recompute, ...older } = config;
  expect(recompute).toBe(false);
  expect(readOutcome(directoryWith({ 'config.json': older, 'result.json': outcome }), cell!)).toEqual(outcome);
  expect(readOutcome(directoryWith({ 'config.json': older }), cell!)).toBeUndefined();
});

it.each([
  ['no settings', { 'result.json': outcome }, /config\.json cannot be read \(ENOENT\)/],
  ['settings that are none', { 'config.json': {}, 'result.json': outcome }, /was run with other settings/],
  ['another seed', { 'config.json': { ...config, seed: 1 }, 'result.json': outcome }, /was run with other settings/],
  ['a result that is cut short', { 'config.json': config, 'result.json': '{"sco' }, /result\.json cannot be read/],
  ['a result that is none', { 'config.json': config, 'result.json': {} }, /result\.json is no result of a run/],
])('refuses a cell with %s', (_, files, message) => {
  expect(() => readOutcome(directoryWith(files), cell!)).toThrow(message);
});
