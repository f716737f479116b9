import { foldGains } from '@hookline/bert';
import { type Pretrained, type ReadPretrainedOptions, readPretrained } from '@hookline/bert/node';
import { HooklineError } from '@hookline/core';
import { readFinetuneRun } from '../finetune/files.js';
import type { CompleteConfig } from '../pretrain/config.js';
import { evaluationGains } from '../pretrain/evaluation-gains.js';
import { readRunConfig, runPath } from '../pretrain/files.js';

/** What the run of `pretrain` or `finetune` that a path lies in says of its method. */
function configOf(path: string): Pick<CompleteConfig, 'stochasticDepth'> | undefined {
  const { directory } = runPath(path);
  for (const read of [readRunConfig, (from: string) => readFinetuneRun(from).config]) {
    try {
      return read(directory);
    } catch (error) {
      if (!(error instanceof HooklineError)) throw error;
    }
  }
  return undefined;
}

/**
 * A model as it is evaluated: what `readPretrained` reads; of a run whose `model.json` does not say its evaluation gains, as older ones do not, they are taken from
 * its configuration.
 * @throws HooklineError as `readPretrained`
 */
export async function readEvaluated(source: string, options?: ReadPretrainedOptions): Promise<Pretrained> {
  const read = await readPretrained(source, options);
  if (read.origin.kind !== 'run' || read.evaluationGains) return read;
  const gains = evaluationGains(configOf(read.origin.path) ?? {}, read.config);
  return gains ? { ...read, tensors: foldGains(read.tensors, gains), evaluationGains: gains } : read;
}
