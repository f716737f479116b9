import { take } from 'rxjs';
import { expect, test } from 'vitest';
import { during, eachBlock } from './hooks/during.js';
import type { Plugin } from './plugin.js';
import { residualMlp } from './testing/index.js';
import { createTrainer } from './trainer.js';

type Bad = Omit<Plugin, 'name'>;

const boom = (): never => {
  throw new Error('boom');
};

test.each<[string, Bad, string]>([
  ['an operator of another hook', { onStep: during('enter', (call) => call) as never }, 'an operator of onForwardBlock is given as onStep'],
  ['a hook that is no function', { onStep: 3 as never }, 'onStep'],
  ['a misspelt hook', { onForwardblock: eachBlock((call) => call) } as never, "has 'onForwardblock', which means nothing; did you mean 'onForwardBlock'?"],
  ['an invented hook', { onEpochFinished: () => {} } as never, "has 'onEpochFinished', which means nothing; the hooks are"],
  ['a hook given twice', { onStep: take(9), setup: () => ({ onStep: take(9) }) }, 'gives onStep both directly and by setup'],
  ['a misspelt hook from setup', { setup: () => ({ onstep: take(9) }) as never }, "did you mean 'onStep'?"],
  ['an asynchronous setup', { setup: (async () => ({})) as never }, 'is a Promise'],
  ['a setup that throws', { setup: boom }, "setup of plugin 'bad' threw boom"],
])('%s is named', async (_, bad, words) => {
  const start = async () => createTrainer({ learner: residualMlp(), plugins: [{ name: 'bad', ...bad }], steps: 1, learningRate: 1 }).run();
  await expect(start()).rejects.toThrow(words);
  await expect(start()).rejects.toThrow(/plugin 'bad'/);
});
