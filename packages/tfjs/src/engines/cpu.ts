import * as tf from '@tensorflow/tfjs-core';
import { completeCpu } from '../host-kernels/index.js';
import type { LoadedEngine } from './engine.js';

/** The backend in plain JavaScript: the slowest, and the reference for the others. */
export async function loadCpu(): Promise<LoadedEngine> {
  const cpu = await import('@tensorflow/tfjs-backend-cpu');
  completeCpu();
  await tf.setBackend('cpu');
  const backend = tf.backend() as unknown as { firstUse: boolean };
  backend.firstUse = false; // else its first tensor prints a banner
  return { name: 'cpu', version: cpu.version_cpu, device: 'plain JavaScript, 1 thread' };
}
