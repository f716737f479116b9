import { spawnSync } from 'node:child_process';
import * as cpu from '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { NativeImport } from './import-native.browser.js';
import { loadEngine } from './load-engine.js';

const native = vi.hoisted(() => ({ answer: { loaded: false, version: '', why: 'not installed' } as NativeImport }));
vi.mock('#import-native', () => ({ importNative: async () => native.answer }));

const index = new URL('../../dist/index.js', import.meta.url).href;

function installNative(isUsingGpuDevice: boolean): void {
  native.answer = { loaded: true, version: '4.22.0', why: '' };
  if (tf.findBackendFactory('tensorflow')) tf.removeBackend('tensorflow');
  tf.registerBackend('tensorflow', () => Object.assign(new cpu.MathBackendCPU(), { firstUse: false, isUsingGpuDevice, binding: { TF_Version: '2.9.1' } }));
}

beforeEach(() => {
  native.answer = { loaded: false, version: '', why: 'not installed' };
});

describe('loadEngine', () => {
  it.each([
    { name: 'wasm', device: 'WebAssembly with SIMD, 1 thread' },
    { name: 'cpu', device: 'plain JavaScript, 1 thread' },
  ] as const)('loads $name and makes it the one in use', async ({ name, device }) => {
    const lines: string[] = [];
    const engine = await loadEngine(name, { log: (line) => lines.push(line) });
    expect(engine).toEqual({ name, version: '4.22.0', device, reason: 'asked for' });
    expect(tf.getBackend()).toBe(name);
    expect(lines).toEqual([`engine ${name}: ${device} (version 4.22.0); asked for`]);
  });

  it('names engines that there are when asked for another', async () => {
    await expect(loadEngine('gpu' as 'cpu')).rejects.toThrow(
      expect.objectContaining({ code: 'HOOKLINE_ENGINE_UNKNOWN', hint: 'choose auto, native, wasm, cpu' }),
    );
  });

  it('says how to mend it when the native engine is missing', async () => {
    await expect(loadEngine('native')).rejects.toThrow(
      expect.objectContaining({ code: 'HOOKLINE_ENGINE_MISSING', message: expect.stringContaining('use the engine `wasm`') }),
    );
  });

  it('chooses wasm by itself where there is no native engine, and says why', async () => {
    const engine = await loadEngine('auto');
    expect(engine).toMatchObject({ name: 'wasm', reason: 'the native engine is not available: not installed' });
  });

  it.each([
    { gpu: true, device: 'TensorFlow 2.9.1 on the GPU' },
    { gpu: false, device: 'TensorFlow 2.9.1 on the CPU' },
  ])('chooses a native engine where there is one: $device', async ({ gpu, device }) => {
    installNative(gpu);
    expect(await loadEngine('auto')).toEqual({ name: 'native', version: '4.22.0', device, reason: 'the fastest there is' });
  });

  it('says what to do where the wasm binaries are not found, each time, and chooses cpu by itself', () => {
    const program = `
      const { loadEngine } = await import('${index}');
      const options = { wasmPaths: '/nowhere/' };
      const outcome = (loading) => loading.then(({ name }) => name, ({ code }) => code);
      const outcomes = [];
      for (const name of ['wasm', 'wasm', 'auto', 'wasm']) outcomes.push(await outcome(loadEngine(name, options)));
      console.log(outcomes.join());`;
    const cwd = new URL('../..', import.meta.url);
    const child = spawnSync(process.execPath, ['--input-type=module', '-e', program], { cwd, encoding: 'utf8' });
    expect(child).toMatchObject({ stdout: 'HOOKLINE_ENGINE_FAILED,HOOKLINE_ENGINE_FAILED,cpu,HOOKLINE_ENGINE_FAILED\n', status: 0 });
  });

  it('keeps a wasm backend that is there when told of other paths', async () => {
    await loadEngine('wasm');
    expect((await loadEngine('wasm', { wasmPaths: '/nowhere/' })).name).toBe('wasm');
  });

  it.each(['wasm', 'cpu'])('prints nothing while %s computes', (name) => {
    const program = `
      const { loadEngine } = await import('${index}');
      const tf = await import('@tensorflow/tfjs-core');
      const before = process.listenerCount('uncaughtException') + process.listenerCount('unhandledRejection');
      await loadEngine('${name}');
      tf.square(tf.tensor1d([2])).dataSync();
      process.exitCode = process.listenerCount('uncaughtException') + process.listenerCount('unhandledRejection') - before;`;
    const cwd = new URL('../..', import.meta.url);
    const child = spawnSync(process.execPath, ['--input-type=module', '-e', program], { cwd, encoding: 'utf8' });
    expect(child).toMatchObject({ stdout: '', stderr: '', status: 0 });
  });
});

describe("users' own code on wasm", () => {
  beforeEach(async () => {
    await loadEngine('wasm');
  });

  it('has gradients', () => {
    const f = (x: tf.Tensor) => tf.sum(tf.mul(tf.softmax(tf.matMul(tf.relu(x) as tf.Tensor2D, tf.sigmoid(x) as tf.Tensor2D, false, true)), tf.exp(x)));
    const x = tf.tensor2d([0.5, -1, 2, 0.25], [2, 2]);
    const slope = tf.tidy(() => tf.grad(f)(x).dataSync());
    x.dataSync().forEach((_, i) => {
      const at = (delta: number) =>
        tf.tidy(
          () =>
            f(
              tf.tensor2d(
                x.dataSync().map((v, j) => (j === i ? v + delta : v)),
                [2, 2],
              ),
            ).dataSync()[0] as number,
        );
      expect(slope[i]).toBeCloseTo((at(1e-2) - at(-1e-2)) / 2e-2, 2);
    });
    x.dispose();
  });

  it.each([
    { axis: 0, expected: [0, 0, 0, 2, 2, 2] },
    { axis: 1, expected: [0, 2, 0, 0, 2, 0] },
  ])('can look up along axis $axis: the backend lacks the kernel of its gradient', ({ axis, expected }) => {
    const gradient = tf.tidy(() =>
      tf
        .grad((x) => tf.sum(tf.gather(x, tf.tensor1d([1, 1], 'int32'), axis)))(tf.ones([2, 3]))
        .dataSync(),
    );
    expect(Array.from(gradient)).toEqual(expected);
  });

  it('shares the memory of clones', () => {
    const x = tf.tensor1d([1, 2]);
    const before = tf.memory();
    const y = tf.clone(x);
    expect(tf.memory().numDataBuffers).toBe(before.numDataBuffers);
    x.dispose();
    expect(Array.from(y.dataSync())).toEqual([1, 2]);
    y.dispose();
    expect(tf.memory().numDataBuffers).toBe(before.numDataBuffers - 1);
  });
});
