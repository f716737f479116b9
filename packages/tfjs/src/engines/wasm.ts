import { HooklineError } from '@hookline/core';
import * as tf from '@tensorflow/tfjs-core';
import { completeWasm } from '../host-kernels/index.js';
import type { LoadedEngine } from './engine.js';
import { withoutProcessListeners } from './process-listeners.js';

/**
 * The WebAssembly backend on one thread: nothing to install, runs wherever JavaScript does.
 * @param paths folder of the wasm binaries, with a slash at its end; Node needs none.
 */
export async function loadWasm(paths?: string): Promise<LoadedEngine> {
  const wasm = await import('@tensorflow/tfjs-backend-wasm');
  if (paths !== undefined) {
    try {
      wasm.setWasmPaths(paths);
    } catch {
      // the backend has its binaries already, or failed to load them: told apart below
    }
  }
  completeWasm();
  tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  const works = await withoutProcessListeners(() => tf.setBackend('wasm').catch(() => false));
  if (!works) {
    throw new HooklineError('HOOKLINE_ENGINE_FAILED', 'the wasm engine did not start', {
      hint: 'give the folder of its .wasm files as `wasmPaths` (in a browser), or use the engine `cpu`',
    });
  }
  const simd = await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT');
  return { name: 'wasm', version: wasm.version_wasm, device: `WebAssembly ${simd ? 'with SIMD' : 'without SIMD'}, 1 thread` };
}
