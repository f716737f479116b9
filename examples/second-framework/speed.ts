import { clipGradients, createTrainer, type Learner } from '@hookline/core';
import { loadEngine } from '@hookline/tfjs';
import { jaxTransformer } from './jax-transformer.js';
import { type Sizes, small } from './reversal.js';
import { tfjsTransformer } from './tfjs-transformer.js';

/** A trainer's whole steps, one at a time: it goes on when it is asked for the next. */
const stepsOf = (learner: Learner) =>
  createTrainer({ learner, plugins: [clipGradients({ norm: 1 })], steps: 1000, seed: 1, learningRate: 1e-3 })
    .events('step')
    [Symbol.asyncIterator]();

const median = (numbers: readonly number[]): number => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)]!;

/** Times whole training steps of both libraries in turns; ratios are those of a round. */
async function compare(sizes: Sizes, rounds: number): Promise<void> {
  const contenders = {
    'tfjs wasm': tfjsTransformer(sizes, { type: 'adamw' }),
    'jax-js wasm': jaxTransformer(sizes),
    'jax-js wasm, blocks not compiled': jaxTransformer(sizes, { compile: false }),
  };
  const runs = Object.entries(contenders).map(([name, learner]) => ({ name, steps: stepsOf(learner), ms: [] as number[] }));
  for (let round = -5; round < rounds; round++) {
    for (const { steps, ms } of runs) {
      const { value } = await steps.next();
      if (round >= 0) ms.push(1000 * value!.seconds);
    }
  }
  console.log(`L=${sizes.layers} H=${sizes.hidden}, batch ${sizes.batch} x ${sizes.length}, ${rounds} rounds`);
  const [first] = runs;
  for (const { name, ms } of runs) console.log(`| ${name} | ${median(ms).toFixed(1)} | ${median(ms.map((time, i) => time / first!.ms[i]!)).toFixed(2)} |`);
  for (const learner of Object.values(contenders)) learner.dispose();
}

const engine = await loadEngine('wasm');
console.log(`${engine.name} ${engine.version}, Node ${process.versions.node}`);
await compare(small, 30);
await compare({ ...small, hidden: 128, length: 64, batch: 8 }, 15);
