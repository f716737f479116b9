import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { findNativeEngines, type InstalledEngine } from '../node/native-install/index.js';
import { checkSingleCopy } from './copies.js';
import type { Engine } from './engine.js';
import { loadEngine } from './load-engine.js';

let engine: Engine;
let installed: InstalledEngine;
beforeAll(async () => {
  const [found] = await findNativeEngines();
  expect(found, 'run `hookline engines install native` first').toBeDefined();
  installed = found!;
  engine = await loadEngine('native');
  console.log(`native ${engine.version}: ${engine.device}, from ${installed.directory}`);
});

const values = (f: () => tf.Tensor): number[] => Array.from(tf.tidy(f).dataSync());

describe('the native engine', () => {
  it('says what it is', () => {
    expect(engine).toMatchObject({ name: 'native', version: '4.22.0', reason: 'asked for' });
    expect(engine.device).toMatch(/^TensorFlow 2\.21\.0 on the [CG]PU$/);
    expect(tf.getBackend()).toBe('tensorflow');
  });

  it('is what auto chooses', async () => {
    expect(await loadEngine('auto')).toMatchObject({ name: 'native', reason: 'the fastest there is' });
  });

  it('computes for this copy of tfjs-core, and brings no other', () => {
    expect(() => checkSingleCopy()).not.toThrow();
    expect(tf.getKernelsForBackend('tensorflow').length).toBeGreaterThan(100);
  });

  it('takes turns with other engines', async () => {
    for (const name of ['wasm', 'native', 'cpu', 'native'] as const) {
      await loadEngine(name);
      expect(values(() => tf.matMul(tf.tensor2d([1, 2, 3, 4], [2, 2]), tf.tensor2d([1, 0, 1, 1], [2, 2])))).toEqual([3, 2, 7, 4]);
    }
  });

  it('holds numbers of its own, whatever becomes of the array that they came from', () => {
    // As published tfjs-node shares the memory of arrays that lie on a border of 64 bytes.
    for (let i = 0; i < 64; i++) {
      const array = new Float32Array(1000).fill(1);
      const x = tf.tensor1d(array);
      tf.dispose(tf.neg(x)); // uploads
      array.fill(2);
      expect(values(() => tf.max(tf.abs(x)))).toEqual([1]);
      x.dispose();
    }
  });

  it('has gradients', () => {
    const x = tf.tensor2d([1, 2, 3, 4], [2, 2]);
    expect(values(() => tf.grad((y) => tf.sum(tf.matMul(y as tf.Tensor2D, y as tf.Tensor2D)))(x))).toEqual([7, 11, 9, 13]);
    expect(values(() => tf.grad((y) => tf.sum(tf.square(tf.tanh(y))))(x))[0]).toBeCloseTo(2 * Math.tanh(1) * (1 - Math.tanh(1) ** 2), 6);
    x.dispose();
  });

  it.each([
    ['exp of integers', () => tf.exp(tf.tensor1d([0, 0], 'int32')), [1, 1]],
    ['argMax of booleans', () => tf.argMax(tf.tensor1d([false, true], 'bool')), [1]],
    ['argMin of booleans', () => tf.argMin(tf.tensor1d([true, false], 'bool')), [1]],
    ['prelu', () => tf.prelu(tf.tensor1d([-2, 3]), tf.tensor1d([0.5, 0.5])), [-1, 3]],
    ['an empty product', () => tf.matMul(tf.zeros([0, 3]), tf.zeros([3, 2])), []],
    ['one element', () => tf.add(tf.scalar(1), tf.scalar(2)), [3]],
  ] as const)('knows %s', (_, f, expected) => {
    expect(values(f)).toEqual(expected);
  });
});

describe('a program that loads it', () => {
  let project: string;
  beforeEach(() => {
    project = mkdtempSync(join(tmpdir(), 'hookline-project-'));
  });
  afterEach(() => rmSync(project, { recursive: true }));

  const index = new URL('../../dist/index.js', import.meta.url).href;
  const core = new URL('../../node_modules/@tensorflow/tfjs-core/dist/tf-core.node.js', import.meta.url).href;
  const run = (environment: NodeJS.ProcessEnv = {}) => {
    const program = `
      const { loadEngine } = await import('${index}');
      const tf = await import('${core}');
      try {
        const { name } = await loadEngine('native');
        console.log(name, tf.square(tf.tensor1d([3])).dataSync()[0], process.env.TF_CPP_MIN_LOG_LEVEL, process.env.TF_FORCE_GPU_ALLOW_GROWTH);
      } catch (error) {
        console.log(error.message);
      }`;
    const env = { ...process.env, ...environment };
    return spawnSync(process.execPath, ['--input-type=module', '-e', program], { cwd: project, encoding: 'utf8', env });
  };

  it('prints nothing but its own output', () => {
    expect(run()).toMatchObject({ stdout: 'native 9 3 true\n', stderr: '', status: 0 });
  });

  it('prints what TensorFlow logs where the user asks for all of it, and errors of its own either way', () => {
    expect(run({ TF_CPP_MIN_LOG_LEVEL: '0' })).toMatchObject({ stdout: 'native 9 0 true\n', status: 0 });
    const { stderr } = spawnSync(
      process.execPath,
      ['--input-type=module', '-e', `const { loadEngine } = await import('${index}'); await loadEngine('native'); console.error('mine');`],
      { encoding: 'utf8' },
    );
    expect(stderr).toBe('mine\n');
  });

  it('is not disturbed by a tfjs-node of the project whose addon is missing', () => {
    const directory = join(project, 'node_modules', '@tensorflow', 'tfjs-node');
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, 'package.json'), '{"name": "@tensorflow/tfjs-node", "main": "index.js"}');
    const register = `require('${core.slice('file://'.length)}').registerKernel({ kernelName: 'Square', backendName: 'tensorflow', kernelFunc: () => { throw new Error('mine'); } });`;
    writeFileSync(join(directory, 'index.js'), `${register}\nthrow new Error('The Node.js native addon module can not be found');`);
    expect(run()).toMatchObject({ stdout: 'native 9 3 true\n', stderr: '' });
  });

  it('hears which file of a damaged engine is at fault', () => {
    const engines = join(project, 'engines');
    const copy = join(engines, basename(installed.directory));
    mkdirSync(join(copy, 'addon'), { recursive: true });
    for (const name of ['tensorflow', 'node_modules']) symlinkSync(join(installed.directory, name), join(copy, name));
    for (const name of ['manifest.json', 'addon']) cpSync(join(installed.directory, name), join(copy, name), { recursive: true });
    expect(run({ HOOKLINE_ENGINES_DIR: engines }).stdout).toBe('native 9 3 true\n');
    writeFileSync(join(copy, 'addon', 'tfjs_binding.node'), 'damaged');
    expect(run({ HOOKLINE_ENGINES_DIR: engines }).stdout).toMatch(/is damaged: addon\/tfjs_binding\.node has 7 bytes and not \d+;/);
  });

  it('hears how to install it where it is not', () => {
    expect(run({ HOOKLINE_ENGINES_DIR: join(project, 'nowhere') }).stdout).toContain('it is not installed; install it with `hookline engines install native`');
  });
});
