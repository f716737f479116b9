/** The real command, killed with SIGKILL and resumed: BERT with everything that draws or keeps a state of its own. */
import { existsSync, readdirSync, readFileSync, rmSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { uniform } from '@hookline/core';
import { readCheckpoint, readMetrics } from '@hookline/core/node';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { hookline } from './run-hookline.js';
import { makeTexts, removeWorkspace } from './workspace.js';

const config = `
corpus: { source: corpus.txt, heldOut: 0.2 }
vocabulary: { file: vocab.txt }
model: { numHiddenLayers: 3, hiddenSize: 8, numAttentionHeads: 2, intermediateSize: 16, hiddenDropoutProb: 0.1, attentionProbsDropoutProb: 0.1 }
objective: [mlm, nsp]
sequenceLength: 16
batchSize: 2
accumulation: 3
steps: 40
seed: 5
ema: 0.9
pld: { schedule: constant, thetaBar: 0.4, gates: branch, dropped: decay }
evaluation: { every: 6, batches: 2 }
checkpoints: { every: 5, keep: 2, best: true }
engine: wasm
`;

let cwd = '';
beforeAll(() => {
  cwd = makeTexts();
  writeFileSync(join(cwd, 'run.yaml'), config);
});
afterAll(() => removeWorkspace(cwd));

/** Everything that a run leaves but for times and its report. */
async function remains(run: string) {
  const lines = await readMetrics(join(cwd, run, 'metrics.jsonl'));
  const names = readdirSync(join(cwd, run, 'checkpoints')).sort();
  const checkpoints = await Promise.all(names.map((name) => readCheckpoint(join(cwd, run, 'checkpoints', name))));
  return { lines: lines.map((line) => ({ ...line, time: 0, seconds: 0 })), names, checkpoints, config: readFileSync(join(cwd, run, 'config.json'), 'utf8') };
}

const start = (run: string): string[] => ['pretrain', '--config', 'run.yaml', '--run', run, '--json'];
const goOn = (run: string): string[] => (existsSync(join(cwd, run, 'checkpoints')) ? ['pretrain', '--resume', run, '--json'] : start(run));

/** Kills a process a while after it printed a step: inside a step, most likely inside its accumulation. */
async function killInStep(run: string, index: number, delay: number): Promise<void> {
  let sent = false;
  const { code } = await hookline(goOn(run), {
    cwd,
    onOutput: (child, out) => {
      if (sent || !out.includes(`"event":"step","index":${index},`)) return;
      sent = true;
      setTimeout(() => child.kill('SIGKILL'), delay);
    },
  });
  expect(code).toBeNull();
}

/** Kills a process as soon as it begins to write a checkpoint. */
async function killInWrite(run: string, after: number): Promise<void> {
  let watching = false;
  const { code } = await hookline(goOn(run), {
    cwd,
    onOutput: (child, out) => {
      if (watching || !out.includes(`"event":"step","index":${after},`)) return;
      watching = true;
      const eyes = watch(join(cwd, run, 'checkpoints'), (_, name) => {
        if (!name?.startsWith('.tmp-')) return;
        child.kill('SIGKILL');
        eyes.close();
      });
    },
  });
  expect(code).toBeNull();
}

it('dropping, averages, accumulation, dropout, masks and data order go on bit for bit', async () => {
  expect((await hookline(start('whole'), { cwd })).code).toBe(0);
  const whole = await remains('whole');
  expect(whole.lines.filter(({ event }) => event === 'step')).toHaveLength(40);
  expect(whole.lines.some((line) => line.event === 'step' && line.activeBlocks < 3)).toBe(true);
  expect(Object.keys(whole.checkpoints.at(-1)!.tensors).some((name) => name.includes('ema'))).toBe(true);

  const drawn = (key: number, below: number) => Math.floor(uniform(17, 'kill', 0, key) * below);
  await killInStep('killed', 6 + drawn(0, 5), drawn(1, 8));
  await killInWrite('killed', 12);
  await killInStep('killed', 22 + drawn(2, 10), drawn(3, 8));
  const { code, err } = await hookline(goOn('killed'), { cwd });
  expect([code, err]).toEqual([0, []]);
  const killed = await remains('killed');
  expect(killed.lines).toEqual(whole.lines);
  expect(killed).toEqual(whole);
  rmSync(join(cwd, 'killed'), { recursive: true });
}, 120_000);
