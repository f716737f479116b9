import { join } from 'node:path';
import { HooklineError } from '@hookline/core';
import { addonPath } from './assemble.js';
import { nativeEnvironment } from './environment.js';
import { essence, runCommand } from './run-command.js';
import type { NativeVariant } from './sources.js';

/** What an addon says of itself when it is loaded. */
export interface Probe {
  readonly tensorflow: string;
  /** Whether TensorFlow found a GPU that it can use. */
  readonly gpu: boolean;
}

const program = 'const b = require(process.argv[1]); process.stdout.write(JSON.stringify({ tensorflow: b.TF_Version, gpu: b.isUsingGpuDevice() }))';

/** Loads a new addon in a process of its own, which may die of it. Errors: HOOKLINE_ENGINE_BUILD where it does not load. */
export async function probeAddon(directory: string, variant: NativeVariant): Promise<Probe> {
  const environment = { ...process.env, ...nativeEnvironment(variant, directory, process.env) };
  const result = await runCommand(process.execPath, ['-e', program, join(directory, addonPath)], { environment });
  if (result.code === 0) return JSON.parse(result.stdout) as Probe;
  throw new HooklineError('HOOKLINE_ENGINE_BUILD', `the native engine was built, but does not load here (exit code ${result.code}): ${essence(result)}`, {
    hint: "TensorFlow's library needs a processor with AVX and a libstdc++ as new as the compiler's; use the engine `wasm` where that cannot be had",
  });
}
