import './gradients.js';
import { HooklineError } from '@hookline/core';
import { checkSingleCopy } from './copies.js';
import { loadCpu } from './cpu.js';
import type { Engine, EngineName, EngineOptions, LoadedEngine } from './engine.js';
import { loadNative } from './native.js';
import { loadWasm } from './wasm.js';

const loaders: Readonly<Record<EngineName, (options: EngineOptions) => Promise<LoadedEngine>>> = {
  native: loadNative,
  wasm: (options) => loadWasm(options.wasmPaths),
  cpu: loadCpu,
};

/** In the order of preference. */
const preferred: readonly EngineName[] = ['native', 'wasm', 'cpu'];

/**
 * Loads an engine and makes it the one in use. `auto` takes the first that works of native (on a GPU where its package is built for one), wasm and cpu.
 * Errors: HOOKLINE_ENGINE_UNKNOWN, HOOKLINE_ENGINE_MISSING (native not installed), HOOKLINE_ENGINE_FAILED, HOOKLINE_TFJS_COPIES.
 */
export async function loadEngine(name: EngineName | 'auto' = 'auto', options: EngineOptions = {}): Promise<Engine> {
  const engine = name === 'auto' ? await firstThatWorks(options) : { ...(await load(name, options)), reason: 'asked for' };
  options.log?.(`engine ${engine.name}: ${engine.device} (version ${engine.version}); ${engine.reason}`);
  return engine;
}

async function load(name: EngineName, options: EngineOptions): Promise<LoadedEngine> {
  const loader = loaders[name];
  if (!loader) {
    throw new HooklineError('HOOKLINE_ENGINE_UNKNOWN', `there is no engine '${String(name)}'`, { hint: `choose auto, ${preferred.join(', ')}` });
  }
  const loaded = await loader(options);
  checkSingleCopy();
  return loaded;
}

async function firstThatWorks(options: EngineOptions): Promise<Engine> {
  const refusals: string[] = [];
  for (const name of preferred) {
    try {
      return { ...(await load(name, options)), reason: refusals.length === 0 ? 'the fastest there is' : refusals.join('; ') };
    } catch (error) {
      if (!(error instanceof HooklineError) || error.code === 'HOOKLINE_TFJS_COPIES') throw error;
      refusals.push(error.message.split(';')[0] as string);
    }
  }
  throw new HooklineError('HOOKLINE_ENGINE_FAILED', `no engine works: ${refusals.join('; ')}`);
}
