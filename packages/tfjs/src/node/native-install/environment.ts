import util from 'node:util';
import type { NativeVariant } from './sources.js';

/**
 * What TensorFlow reads from the environment when it is loaded: quiet on stderr, memory of a GPU taken as needed instead of all at once,
 * and where XLA finds CUDA's assembler. A user's own settings go first.
 */
export function nativeEnvironment(variant: NativeVariant, directory: string, environment: NodeJS.ProcessEnv): Record<string, string> {
  const settings: Record<string, string> = { TF_CPP_MIN_LOG_LEVEL: '3', TF_FORCE_GPU_ALLOW_GROWTH: 'true' };
  if (variant === 'gpu') settings['XLA_FLAGS'] = `--xla_gpu_cuda_data_dir=${directory}/cuda`;
  return Object.fromEntries(Object.entries(settings).filter(([name]) => environment[name] === undefined));
}

/** tfjs-node calls two functions of `node:util` that Node 23 removed. */
export function completeUtil(target: object = util): void {
  const removed = { isNullOrUndefined: (value: unknown) => value === null || value === undefined, isArray: Array.isArray };
  for (const [name, f] of Object.entries(removed)) {
    if (!(name in target)) Object.defineProperty(target, name, { value: f, configurable: true, writable: true });
  }
}
