import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { addonPath, corePaths, mutePath, packagePath } from './assemble.js';
import { completeUtil, nativeEnvironment } from './environment.js';
import type { InstalledEngine } from './find-engine.js';
import { verifyFiles } from './manifest.js';
import { completeTensor } from './tensor-methods.js';

/** The part of tfjs-node's module that holds its backend. */
interface BackendModule {
  readonly NodeJSKernelBackend: new (binding: unknown, packageName: string) => tf.KernelBackend;
}

/** Our addon beside tfjs-node's: turns the process's stderr to nowhere, and back. */
interface Mute {
  mute(): void;
  unmute(): void;
}

/** TensorFlow prints while it is loaded, whatever the level; see quiet.ts. A user who asks for all of its log gets it. */
function quietly<A>({ mute, unmute }: Mute, load: () => A): A {
  if (process.env['TF_CPP_MIN_LOG_LEVEL'] === '0') return load();
  mute();
  try {
    return load();
  } finally {
    unmute();
  }
}

/**
 * Loads an installed engine into this process and registers it as the backend `tensorflow` of this copy of tfjs-core, its kernels included.
 * What tfjs-node imports of TensorFlow.js are empty places in the engine's folder, which get this copy. Only the parts that compute are
 * loaded, so that its files for saving, images and TensorBoard are left alone.
 * Errors: HOOKLINE_ENGINE_DAMAGED; whatever the addon throws where it does not load.
 */
export async function loadInstalled({ directory, manifest }: InstalledEngine): Promise<void> {
  if (tf.findBackendFactory('tensorflow')) return;
  await verifyFiles(directory, manifest);
  Object.assign(process.env, nativeEnvironment(manifest.variant, directory, process.env));
  completeUtil();
  completeTensor();
  const require = createRequire(join(directory, packagePath, 'package.json'));
  for (const path of corePaths) {
    const id = require.resolve(join(directory, path));
    require.cache[id] = { id, filename: id, path: dirname(id), loaded: true, exports: tf, children: [], paths: [] } as unknown as NodeJS.Module;
  }
  const binding: unknown = quietly(require(join(directory, mutePath)) as Mute, () => require(join(directory, addonPath)) as unknown);
  for (const { kernelName } of tf.getKernelsForBackend('tensorflow')) tf.unregisterKernel(kernelName, 'tensorflow'); // of a package that did not get further
  require('./dist/register_all_kernels.js');
  const { NodeJSKernelBackend } = require('./dist/nodejs_kernel_backend.js') as BackendModule;
  const packageName = manifest.variant === 'gpu' ? '@tensorflow/tfjs-node-gpu' : '@tensorflow/tfjs-node';
  tf.registerBackend('tensorflow', () => new NodeJSKernelBackend(binding, packageName), 3);
}
