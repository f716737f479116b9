/** Processes killed with SIGKILL and resumed: the run ends up as if nothing had happened. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readCheckpoint, readMetrics } from '../src/node/index.js';
import { uniform } from '../src/random.js';

const script = join(import.meta.dirname, 'train-and-die.mjs');
const root = mkdtempSync(join(tmpdir(), 'hookline-killed-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const fresh = (name: string): string => {
  const directory = join(root, name);
  mkdirSync(directory);
  return directory;
};

/** Runs the script until it ends; `killOn`: kills it from outside when it prints this line. Answers with how it ended. */
function train(directory: string, kill: string, { resume = 'true', killOn = '' } = {}): Promise<string> {
  const child = spawn(process.execPath, [script, directory, resume, kill], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [heard, errors] = ['', ''];
  child.stdout.on('data', (text) => {
    heard += text;
    if (killOn !== '' && heard.split('\n').includes(killOn)) child.kill('SIGKILL');
  });
  child.stderr.on('data', (text) => {
    errors += text;
  });
  return new Promise((resolve) => child.on('close', (code, signal) => resolve(signal ?? (code === 0 ? 'done' : `exit ${code}: ${errors}`))));
}

/** Everything that a run leaves, but for times: metrics, names of checkpoints, and the last one with all its numbers. */
async function remains(directory: string) {
  const lines = await readMetrics(join(directory, 'metrics.jsonl'));
  const names = readdirSync(join(directory, 'checkpoints')).sort();
  const last = await readCheckpoint(join(directory, 'checkpoints', names.at(-1) ?? ''));
  return { lines: lines.map((line) => ({ ...line, time: 0, seconds: 0 })), names, last };
}

let whole: Awaited<ReturnType<typeof remains>>;
beforeAll(async () => {
  const directory = fresh('whole');
  expect(await train(directory, 'none')).toBe('done');
  whole = await remains(directory);
  expect(whole.lines.filter(({ event }) => event === 'step')).toHaveLength(24);
  expect(whole.last).toMatchObject({ step: 24, position: 72, plugins: { 'weight-averaging': { state: { updates: 24 } } } });
  expect(Object.keys(whole.last.tensors).some((name) => name.includes('ema'))).toBe(true);
});

const drawn = (index: number, below: number): number => Math.floor(uniform(11, 'kill', 0, index) * below);

/** Moments of every kind; each process goes on from what the one before it left. */
const moments = [
  'micro:0:1',
  `step:${drawn(0, 4)}`,
  'mkdir:2',
  'write:1',
  'rename:1',
  `micro:${6 + drawn(1, 3)}:2`,
  `write:${2 + drawn(2, 6)}`,
  `step:${9 + drawn(3, 3)}`,
  'rm:2',
  'rename:3',
  `micro:${20 + drawn(4, 3)}:1`,
  'step:23',
];

it('a run killed again and again, inside accumulation and inside a checkpoint’s write too, ends as the uninterrupted one, bit for bit', async () => {
  const directory = fresh('killed');
  for (const moment of moments) expect(await train(directory, moment), moment).toBe('SIGKILL');
  expect(await train(directory, 'none')).toBe('done');
  expect(await remains(directory)).toEqual(whole);
});

it('a run killed from outside, at a step and in the middle of a slow write, ends as the uninterrupted one', async () => {
  const directory = fresh('outside');
  expect(await train(directory, 'none', { killOn: `step ${7 + drawn(5, 8)}` })).toBe('SIGKILL');
  expect(await train(directory, 'slow', { killOn: 'writing' })).toBe('SIGKILL');
  expect(readdirSync(join(directory, 'checkpoints')).some((name) => name.startsWith('.tmp-'))).toBe(true);
  expect(await train(directory, 'none')).toBe('done');
  expect(await remains(directory)).toEqual(whole);
});

it('a run that went back to an earlier checkpoint and was killed while it replaced a later one ends as the uninterrupted one', async () => {
  const directory = fresh('back');
  expect(await train(directory, 'step:11')).toBe('SIGKILL');
  const [first] = readdirSync(join(directory, 'checkpoints')).sort();
  expect(await train(directory, 'rename:2', { resume: first ?? '' })).toBe('SIGKILL');
  expect(readdirSync(join(directory, 'checkpoints')).some((name) => name.startsWith('.old-'))).toBe(true);
  expect(await train(directory, 'none')).toBe('done');
  expect(await remains(directory)).toEqual(whole);
});
