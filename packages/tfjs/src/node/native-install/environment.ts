import util from 'node:util';
import { cudaDataPath } from './gpu.js';
import type { NativeVariant } from './sources.js';

/**
 * What TensorFlow reads from the environment when it is loaded: quiet on stderr, memory of a GPU taken as needed instead of all at once,
 * and where XLA finds CUDA's assembler. A user's own settings go first.
 */
export function nativeEnvironment(variant: NativeVariant, directory: string, environment: NodeJS.ProcessEnv): Record<string, string> {
  const settings: Record<string, string> = { TF_CPP_MIN_LOG_LEVEL: '3', TF_FORCE_GPU_ALLOW_GROWTH: 'true' };
  if (variant === 'gpu') settings['XLA_FLAGS'] = `--xla_gpu_cuda_data_dir=${directory}/${cudaDataPath}`;
  return Object.fromEntries(Object.entries(settings).filter(([name]) => environment[name] === undefined));
}

const functions: Readonly<Record<string, (value: unknown) => boolean>> = {
  isNullOrUndefined: (value) => value === null || value === undefined,
  isArray: Array.isArray,
};

/** tfjs-node calls two functions of `node:util` that warn since Node 22 and are gone in Node 23: gives the module ones that do neither. */
export function completeUtil(target: object = util, node: string = process.versions.node): void {
  for (const [name, value] of Object.entries(functions)) {
    if (Number.parseInt(node, 10) >= 22) Object.defineProperty(target, name, { value, configurable: true, writable: true, enumerable: true });
  }
}
