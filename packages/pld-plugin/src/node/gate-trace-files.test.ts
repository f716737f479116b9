import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { begins, ends, runContext } from '../../test/hooks.js';
import { transformerBlocks } from '../../test/patterns.js';
import { progressiveLayerDropping } from '../progressive-layer-dropping.js';
import { readGateTrace, writeGateTrace } from './gate-trace-files.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'gates-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const blocks = transformerBlocks(3);
const run = runContext(blocks, 12);
const drawn = async () => (await begins(progressiveLayerDropping(), run)).map((step) => step.gates);

it('writes a line for each step and reads them back', async () => {
  const path = join(directory, 'deep', 'gates.jsonl');
  const trace = await drawn();
  await ends(writeGateTrace({ path }), run, trace);
  expect(readFileSync(path, 'utf8').trimEnd().split('\n')).toHaveLength(12);
  expect(readGateTrace(path)).toEqual(trace);
});

it('goes to gates.jsonl in the run directory by default', async () => {
  const trace = await drawn();
  await ends(writeGateTrace(), runContext(blocks, 12, 1, directory), trace);
  expect(readGateTrace(join(directory, 'gates.jsonl'))).toEqual(trace);
  await expect(ends(writeGateTrace(), run, trace)).rejects.toThrow('the gate trace has no place to go');
});

it('a new run starts the file anew', async () => {
  const path = join(directory, 'gates.jsonl');
  const trace = await drawn();
  await ends(writeGateTrace({ path }), run, trace);
  await ends(writeGateTrace({ path }), run, trace.slice(0, 2));
  expect(readGateTrace(path)).toEqual(trace.slice(0, 2));
});

it('a resumed run cuts the file back to its first step, a torn last line included', async () => {
  const path = join(directory, 'gates.jsonl');
  const trace = await drawn();
  await ends(writeGateTrace({ path }), run, trace.slice(0, 9));
  writeFileSync(path, `${readFileSync(path, 'utf8')}{"step":9,"ga`);
  await ends(writeGateTrace({ path }), run, trace.slice(6), 6);
  expect(readGateTrace(path)).toEqual(trace);
});

it('does not go on from a trace that lacks steps', async () => {
  const path = join(directory, 'gates.jsonl');
  const trace = await drawn();
  const resume = () => ends(writeGateTrace({ path }), run, trace.slice(6), 6);
  await expect(resume()).rejects.toThrow(`the gate trace at ${path} does not hold steps 0 to 5, so the run cannot add step 6`);
  expect(existsSync(path)).toBe(false);
  await ends(writeGateTrace({ path }), run, trace.slice(0, 5));
  await expect(resume()).rejects.toMatchObject({ code: 'HOOKLINE_GATE_TRACE' });
  const torn = readFileSync(path, 'utf8');
  writeFileSync(path, `${torn}{"step":5,"ga`);
  await expect(resume()).rejects.toMatchObject({ code: 'HOOKLINE_GATE_TRACE' });
  writeFileSync(path, torn.replace('"step":2', '"step":3'));
  await expect(resume()).rejects.toMatchObject({ code: 'HOOKLINE_GATE_TRACE' });
});

it('says when there is no such file', () => {
  expect(() => readGateTrace(join(directory, 'none.jsonl'))).toThrow('there is no gate trace at');
});
