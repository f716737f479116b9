import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { NativeImport } from '../engines/import-native.browser.js';

const packages = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'];

/** Loads the first of the native packages that the project in `directory` (the working directory) has, or that is installed beside hookline. */
export async function importNative(directory = process.cwd()): Promise<NativeImport> {
  const requires = [createRequire(join(directory, 'package.json')), createRequire(import.meta.url)];
  let why = `neither ${packages.join(' nor ')} is installed`;
  for (const name of packages) {
    for (const require of requires) {
      try {
        const path = require.resolve(name);
        process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '3';
        const loaded = require(path) as { version?: Record<string, string> };
        return { loaded: true, version: loaded.version?.['tfjs-node'] ?? loaded.version?.['tfjs-core'] ?? 'unknown', why: '' };
      } catch (error) {
        const { code, message } = error as { code?: string; message: string };
        if (code !== 'MODULE_NOT_FOUND' || !message.includes(`'${name}'`)) why = `${name} is installed but does not load (${message.split('\n')[0]})`;
      }
    }
  }
  return { loaded: false, version: '', why };
}
