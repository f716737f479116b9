import { createRequire } from 'node:module';
import { join } from 'node:path';
import { HooklineError } from '@hookline/core';
import type { NativeImport } from '../engines/import-native.browser.js';
import { enginesDirectory } from './native-install/engines-directory.js';
import { completeUtil, nativeEnvironment } from './native-install/environment.js';
import { findNativeEngine } from './native-install/find-engine.js';
import { loadInstalled } from './native-install/load-installed.js';

const packages = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'];

/**
 * Loads the native backend: the first of the native packages that the project in `directory` (the working directory) has, or that is installed beside
 * hookline; else the engine that `hookline engines install native` put into the folder `engines`.
 */
export async function importNative(directory = process.cwd(), engines = enginesDirectory()): Promise<NativeImport> {
  const ofProject = importPackage(directory);
  if (ofProject.loaded) return ofProject;
  const installed = await importInstalled(engines);
  if (installed.loaded) return installed;
  const why = [ofProject.why, installed.why].filter((text) => text !== '').join('; ');
  return { loaded: false, version: '', why: why || 'it is not installed' };
}

function importPackage(directory: string): NativeImport {
  const requires = [createRequire(join(directory, 'package.json')), createRequire(import.meta.url)];
  let why = '';
  for (const name of packages) {
    for (const require of requires) {
      try {
        const path = require.resolve(name);
        Object.assign(process.env, nativeEnvironment('cpu', '', process.env));
        completeUtil();
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

async function importInstalled(engines: string): Promise<NativeImport> {
  try {
    const engine = await findNativeEngine(engines);
    if (engine === undefined) return { loaded: false, version: '', why: '' };
    await loadInstalled(engine);
    return { loaded: true, version: engine.manifest.tfjs, why: '' };
  } catch (error) {
    const what =
      error instanceof HooklineError ? error.message.split(';')[0] : `the installed engine does not load (${(error as Error).message.split('\n')[0]})`;
    return { loaded: false, version: '', why: what as string };
  }
}
