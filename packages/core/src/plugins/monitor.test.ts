import { expect, it } from 'vitest';
import type { Plugin } from '../plugin.js';
import { Logger } from '../services.js';
import { residualMlp } from '../testing/index.js';
import { createTrainer } from '../trainer.js';
import { checkpoints } from './checkpoints.js';
import { earlyStopping } from './early-stopping.js';
import { evaluateEvery } from './evaluate-every.js';

async function warnings(plugins: readonly Plugin[], signal?: AbortSignal): Promise<readonly string[]> {
  const heard: string[] = [];
  const logger: Logger = { info: () => {}, warn: (message) => void heard.push(message) };
  const services = {
    services: (run: Parameters<NonNullable<Parameters<typeof createTrainer>[0]['services']>>[0]) => void run.register(Logger, { useFactory: () => logger }),
  };
  await createTrainer({ learner: residualMlp(), plugins, steps: 2, learningRate: 0.01, ...services, ...(signal ? { signal } : {}) }).run();
  return heard.filter((message) => message.includes('watches'));
}

const loss = { set: 'dev', metric: 'loss', mode: 'min' } as const;

it.each<[string, () => Plugin]>([
  ['early-stopping', () => earlyStopping({ ...loss, patience: 3 })],
  ['checkpoints', () => checkpoints({ every: 100, best: loss })],
])('%s warns when nothing was ever evaluated for it to watch', async (name, make) => {
  expect(await warnings([make()])).toEqual([`plugin '${name}' watches evaluations of 'dev', and there was none; add evaluateEvery({ steps })`]);
  expect(await warnings([make(), evaluateEvery({ steps: 2 })])).toEqual([]);
  expect(await warnings([make()], AbortSignal.abort())).toEqual([]);
});
