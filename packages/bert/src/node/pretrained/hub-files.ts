import { HooklineError } from '@hookline/core';

/** Names of files in a Hugging Face folder. */
export const hubFiles = { config: 'config.json', weights: 'model.safetensors', index: 'model.safetensors.index.json' } as const;

export const pretrainedError = (message: string, hint: string, cause?: unknown): HooklineError =>
  new HooklineError('HOOKLINE_PRETRAINED', message, { hint, cause });
