import { HooklineError } from '@hookline/core';
import * as tf from '@tensorflow/tfjs-core';
import { importNative } from '#import-native';
import type { LoadedEngine } from './engine.js';

/** What tfjs-node's backend says of itself. */
interface NativeBackend {
  readonly isGPUPackage?: boolean;
  readonly binding?: { readonly TensorFlowVersion?: string };
}

/** Answers with the native backend where `@tensorflow/tfjs-node-gpu` or `@tensorflow/tfjs-node` is installed in the user's project; a typed error where not. */
export async function loadNative(): Promise<LoadedEngine> {
  const found = await importNative();
  if (!found.loaded || !(await tf.setBackend('tensorflow').catch(() => false))) {
    throw new HooklineError('HOOKLINE_ENGINE_MISSING', `the native engine is not available: ${found.why}`, {
      hint: 'install @tensorflow/tfjs-node (or -gpu) 4.22.0 beside your program, or use the engine `wasm`, which needs nothing',
    });
  }
  const backend = tf.backend() as unknown as NativeBackend;
  const version = backend.binding?.TensorFlowVersion ?? 'unknown';
  return { name: 'native', version: found.version, device: `TensorFlow ${version} on the ${backend.isGPUPackage === true ? 'GPU' : 'CPU'}` };
}
