import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bertConfig } from '@hookline/bert';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { randomBatches } from './shape.js';
import { benchStep } from './step.js';
import { torchBert } from './torch-bert.js';

const shape = {
  numHiddenLayers: 1,
  hiddenSize: 16,
  numAttentionHeads: 2,
  intermediateSize: 64,
  vocabSize: 37,
  sequenceLength: 8,
  batchSize: 2,
  maskedPerRow: 3,
};
let directory: string;

/** Node in the place of Python, with a script of ours in the place of PyTorch's. */
async function torch(script: string) {
  const path = join(directory, 'fake.mjs');
  await writeFile(path, `import { readFileSync } from 'node:fs'; import { createInterface } from 'node:readline';\n${script}`);
  const batches = [await randomBatches(shape).batch(0)];
  const { sequenceLength, batchSize: _, maskedPerRow: __, ...numbers } = shape;
  const config = bertConfig({ ...numbers, maxPositionEmbeddings: sequenceLength });
  const common = { mode: 'eager', shape, config, batches } as const;
  return torchBert({ ...common, python: process.execPath, learningRate: 1e-4, seed: 0, script: path });
}

const answering = (reply: string): string => `
  const setup = JSON.parse(readFileSync(process.argv[2], 'utf8'));
  readFileSync(setup.weights); readFileSync(setup.batches);
  console.log(JSON.stringify({ torch: '9.9', threads: setup.shape.batchSize, optimizer: setup.lean ? 'fused' : 'foreach', loaded: 5e6 }));
  for await (const line of createInterface({ input: process.stdin })) { const command = JSON.parse(line); ${reply} }`;

describe('torchBert', () => {
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'hookline-fake-torch-'));
  });
  afterAll(() => rm(directory, { recursive: true }));

  it('asks for a step, the products and a reset, and leaves no files', async () => {
    const own = join(directory, 'tmp');
    await mkdir(own);
    vi.stubEnv('TMPDIR', own);
    const fake = await torch(answering('console.log(JSON.stringify({ step: { loss: 4.5 + command.batch }, memory: { peak: 7e6 } }[command.do] ?? {}))'));
    expect(fake).toMatchObject({ version: '9.9', threads: 2, optimizer: 'foreach', loaded: 5e6 });
    expect(await readdir(own)).toEqual([]);
    vi.unstubAllEnvs();
    expect(await fake.step(3)).toBe(7.5);
    await fake.products();
    expect(await fake.peak()).toBe(7e6);
    await fake.reset(0.1);
    await fake.dispose();
  });

  it.each([
    ['ends with what it complained of last', answering("console.error('Trace\\nNo kernel'); process.exit(3)"), 'exit code 3: No kernel'],
    ['answers with no JSON', answering("console.log('hello')"), 'not JSON: hello'],
    ['answers with a loss that is no number', answering(`console.log('{"loss":"nan"}')`), 'answered {"loss":"nan"}'],
  ])('says that it %s', async (_, script, message) => {
    const fake = await torch(script);
    await expect(fake.step(0)).rejects.toMatchObject({ code: 'HOOKLINE_TORCH', message: expect.stringContaining(message) });
    await fake.dispose();
  });

  it('says that it did not start', async () => {
    await expect(benchStep({ engine: 'wasm', shape, torch: join(directory, 'no-python'), rounds: 1 })).rejects.toMatchObject({
      code: 'HOOKLINE_TORCH',
      message: expect.stringContaining('ENOENT'),
    });
  });

  it('takes no processor time of another process', async () => {
    await expect(benchStep({ engine: 'wasm', shape, torch: 'python', clock: 'cpu' })).rejects.toMatchObject({ code: 'HOOKLINE_OPTIONS' });
  });
});
