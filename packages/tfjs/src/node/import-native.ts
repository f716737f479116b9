import { createRequire } from 'node:module';
import { join } from 'node:path';
import { HooklineError } from '@hookline/core';
import type { NativeImport } from '../engines/import-native.browser.js';
import { enginesDirectory } from './native-install/engines-directory.js';
import { completeUtil, nativeEnvironment } from './native-install/environment.js';
import { findNativeEngines } from './native-install/find-engine.js';
import { loadInstalled } from './native-install/load-installed.js';
import { type Machine, nativeSources, thisMachine } from './native-install/sources.js';

const packages = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'];

/**
 * Loads the native backend: the first of the native packages that the project in `directory` (the working directory) has, or that is installed beside
 * hookline; else the engine that `hookline engines install native` put into the folder `engines`.
 */
export async function importNative(directory = process.cwd(), engines = enginesDirectory(), machine = thisMachine()): Promise<NativeImport> {
  const ofProject = importPackage(directory);
  if (ofProject.loaded) return ofProject;
  const installed = await importInstalled(engines, machine);
  if (installed.loaded) return installed;
  const why = [ofProject.why, installed.why].filter((text) => text !== '').join('; ');
  const refusal = platformRefusal(machine);
  if (refusal !== undefined) return { loaded: false, version: '', why: why || refusal };
  return { loaded: false, version: '', why: why || 'it is not installed', install: 'hookline engines install native' };
}

/** Why there is no native engine to install on this machine; undefined where there is one. */
function platformRefusal(machine: Machine): string | undefined {
  try {
    nativeSources('cpu', machine);
    return undefined;
  } catch (error) {
    return reasonOf(error);
  }
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

/** The first of the installed engines that loads. */
async function importInstalled(root: string, machine: Machine): Promise<NativeImport> {
  const reasons: string[] = [];
  try {
    for (const engine of await findNativeEngines(root, machine)) {
      try {
        await loadInstalled(engine);
        return { loaded: true, version: engine.manifest.tfjs, why: '' };
      } catch (error) {
        reasons.push(reasonOf(error));
      }
    }
  } catch (error) {
    reasons.push(reasonOf(error));
  }
  return { loaded: false, version: '', why: reasons.join('; ') };
}

const withoutHint = ({ message, hint }: HooklineError): string => (hint ? message.slice(0, -(hint.length + 2)) : message);

const reasonOf = (error: unknown): string =>
  error instanceof HooklineError ? withoutHint(error) : `the installed engine does not load (${(error as Error).message.split('\n')[0]})`;
