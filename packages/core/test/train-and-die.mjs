/**
 * A small run on the Float64 learner that kills itself, for `killed-runs.test.ts`: node train-and-die.mjs RUN RESUME KILL
 *
 * KILL is `none`, or a moment: `step:7` after the step of that index, `micro:7:1` inside its accumulation, `write:2` in the middle of the
 * second part that this process writes, `rename:1`, `rm:1`, `mkdir:1` before that call, `slow` to wait in each write for somebody else's kill.
 */
import promises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';

const [, , directory, resume, kill] = process.argv;
const [moment, ...numbers] = kill.split(':');
const die = () => process.kill(process.pid, 'SIGKILL');

const calls = { mkdir: 0, rename: 0, rm: 0, write: 0 };
const isDue = (call) => ++calls[call] === Number(numbers[0]) && moment === call;
for (const call of ['mkdir', 'rename', 'rm']) {
  const original = promises[call];
  promises[call] = async (...given) => {
    if (isDue(call)) die();
    return original(...given);
  };
}
syncBuiltinESMExports();

const { accumulateGradients, checkpoints, createTrainer, during, evaluateEvery, linearWarmup, mergeGates, weightAveraging } = await import('../dist/index.js');
const { fileStore, metricsFile } = await import('../dist/node/index.js');
const { residualMlp } = await import('../dist/testing/index.js');

async function write(file, part) {
  const half = part.length >> 1;
  await file.writeFile(part.subarray(0, half));
  if (isDue('write')) die();
  if (moment === 'slow') {
    process.stdout.write('writing\n');
    await new Promise((resolve) => setTimeout(resolve, 10_000));
  }
  await file.writeFile(part.subarray(half));
}

const dropping = {
  name: 'dropping',
  setup: (run) => ({
    onStep: during('begin', (step) => {
      const plan = step.gates.map((gate, i) => ({ ...gate, active: run.random('drop', step.index, i) < 0.6, gain: 1.5 }));
      return { ...step, gates: mergeGates(step.gates, plan) };
    }),
  }),
};

let micro = 0;
const plain = residualMlp({ depth: 3, dropout: 0.2 });
const learner = {
  ...plain,
  gradients(...given) {
    if (moment === 'micro' && trainer.index === Number(numbers[0]) && micro++ === Number(numbers[1])) die();
    return plain.gradients(...given);
  },
};

const trainer = createTrainer({
  learner,
  plugins: [
    dropping,
    linearWarmup({ peak: 0.02 }),
    weightAveraging({ decay: 0.8 }),
    accumulateGradients({ microBatches: 3 }),
    metricsFile({ path: join(directory, 'metrics.jsonl') }),
    checkpoints({ every: 5, keep: 2, best: { set: 'dev', metric: 'loss', mode: 'min' } }),
    evaluateEvery({ steps: 4 }),
    { name: 'index', onStep: during('begin', (step) => Object.assign(trainer, { index: step.index }) && step) },
  ],
  steps: 24,
  seed: 5,
  store: fileStore(join(directory, 'checkpoints'), { write }),
  resume: resume === 'true' ? true : resume,
});
trainer.on('step', ({ index }) => {
  process.stdout.write(`step ${index}\n`);
  if (moment === 'step' && index === Number(numbers[0])) die();
});
await trainer.run();
