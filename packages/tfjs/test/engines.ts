import * as cpu from '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { loadEngine } from '../src/engines/load-engine.js';

type TestedEngine = 'wasm' | 'cpu' | 'plain' | 'native';

/**
 * The engines that every op is tested on; `plain` has tfjs' own kernels only, as `native` has: it runs the ops' composed forms.
 * HOOKLINE_TEST_ENGINES names others, with a comma between them.
 */
export const testedEngines = (process.env['HOOKLINE_TEST_ENGINES']?.split(',') ?? ['wasm', 'cpu', 'plain']) as readonly TestedEngine[];

export async function useEngine(name: TestedEngine): Promise<void> {
  if (name !== 'plain') {
    await loadEngine(name);
    return;
  }
  if (!tf.findBackendFactory('plain')) {
    tf.registerBackend('plain', () => Object.assign(new cpu.MathBackendCPU(), { firstUse: false }));
    tf.copyRegisteredKernels('cpu', 'plain');
    const own = tf.getKernelsForBackend('plain').filter(({ kernelName }) => kernelName.startsWith('Hookline'));
    for (const { kernelName } of own) tf.unregisterKernel(kernelName, 'plain');
  }
  await import('../src/engines/gradients.js');
  await tf.setBackend('plain');
}
