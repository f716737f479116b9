/** A run on the native engine is the same, bit for bit, each time: on a busy machine, in another process, and where it was killed and gone on with. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NamedTensor } from '@hookline/core';
import { readCheckpoint } from '@hookline/core/node';
import { afterAll, describe, expect, it } from 'vitest';

const script = join(import.meta.dirname, 'train-on-native.mjs');
const root = mkdtempSync(join(tmpdir(), 'hookline-repeated-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

interface Outcome {
  /** `done`, or the signal that ended it, or what it printed as an error. */
  readonly end: string;
  /** A line a step: index, loss, gradient norm, in full. */
  readonly steps: readonly string[];
}

function train(run: string, form: string, die = -1): Promise<Outcome> {
  const child = spawn(process.execPath, [script, join(root, run), form, String(die)], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, err] = ['', ''];
  child.stdout.on('data', (text) => {
    out += text;
  });
  child.stderr.on('data', (text) => {
    err += text;
  });
  const end = (code: number | null, signal: string | null): string => signal ?? (code === 0 ? 'done' : `exit ${code}: ${err}`);
  return new Promise((resolve) => child.on('close', (code, signal) => resolve({ end: end(code, signal), steps: out.trim().split('\n') })));
}

/** The last checkpoint, its tensors (weights, optimizer state, averaged weights) as digests: comparing millions of numbers one by one takes minutes. */
async function last(run: string) {
  const checkpoints = join(root, run, 'checkpoints');
  const checkpoint = await readCheckpoint(join(checkpoints, readdirSync(checkpoints).sort().at(-1)!));
  const digest = ({ shape, data }: NamedTensor): string =>
    `[${shape}] ${createHash('sha256')
      .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
      .digest('hex')}`;
  return { ...checkpoint, tensors: Object.fromEntries(Object.entries(checkpoint.tensors).map(([name, tensor]) => [name, digest(tensor)])) };
}

describe.each(['compiled', 'plain'])('a training run, %s', (form) => {
  it('is the same in two processes that take the processor from each other, and after it was killed twice', { timeout: 600_000 }, async () => {
    const [a, b] = await Promise.all([train(`${form}-a`, form), train(`${form}-b`, form)]);
    expect([a.end, b.end]).toEqual(['done', 'done']);
    expect(a.steps).toHaveLength(9);
    expect(b.steps).toEqual(a.steps);
    const whole = await last(`${form}-a`);
    expect(whole.step).toBe(9);
    expect(Object.keys(whole.tensors).some((name) => name.startsWith('slot:'))).toBe(true);
    expect(await last(`${form}-b`)).toEqual(whole);

    const killed = `${form}-killed`;
    expect((await train(killed, form, 4)).end).toBe('SIGKILL');
    expect((await train(killed, form, 7)).end).toBe('SIGKILL');
    const rest = await train(killed, form);
    expect(rest.end).toBe('done');
    expect(rest.steps).toEqual(a.steps.slice(6));
    expect(await last(killed)).toEqual(whole);
  });
});
