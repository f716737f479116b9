import { HooklineError } from '@hookline/core';
import * as tf from '@tensorflow/tfjs-core';
import { importNative } from '#import-native';
import { completeNative } from '../host-kernels/index.js';
import type { LoadedEngine } from './engine.js';

/** What tfjs-node's backend says of itself. */
interface NativeBackend {
  /** Whether TensorFlow found a GPU: the package for one computes on the CPU where there is none. */
  readonly isUsingGpuDevice?: boolean;
  readonly binding?: { readonly TF_Version?: string };
}

/**
 * The native backend: `@tensorflow/tfjs-node-gpu` or `@tensorflow/tfjs-node` where the user's project has one that works, else the engine that
 * `hookline engines install native` installed. Errors: HOOKLINE_ENGINE_MISSING.
 */
export async function loadNative(): Promise<LoadedEngine> {
  const found = await importNative();
  if (!found.loaded || !(await tf.setBackend('tensorflow').catch(() => false))) {
    throw new HooklineError('HOOKLINE_ENGINE_MISSING', `the native engine is not available: ${found.why}`, {
      hint: `${found.install ? `install it with \`${found.install}\`, or ` : ''}use the engine \`wasm\`, which needs nothing`,
    });
  }
  completeNative();
  const backend = tf.backend() as unknown as NativeBackend;
  const version = backend.binding?.TF_Version ?? 'unknown';
  return { name: 'native', version: found.version, device: `TensorFlow ${version} on the ${backend.isUsingGpuDevice === true ? 'GPU' : 'CPU'}` };
}
