import { arch, availableParallelism, cpus, platform } from 'node:os';
import type { Engine } from '@hookline/tfjs';
import { version_core } from '@tensorflow/tfjs-core';

/** What a measurement was made on; nothing that names a user or a place. */
export interface BenchMachine {
  readonly processor: string;
  readonly cores: number;
  readonly system: string;
  readonly node: string;
  readonly tfjs: string;
  readonly engine: string;
  /** Day of the measurement, YYYY-MM-DD. */
  readonly date: string;
}

export function benchMachine(engine: Engine, now = new Date()): BenchMachine {
  return {
    processor: cpus()[0]?.model.replace(/\s+/g, ' ').trim() || 'unknown',
    cores: availableParallelism(),
    system: `${platform()} ${arch()}`,
    node: process.versions.node,
    tfjs: version_core,
    engine: `${engine.name} ${engine.version}: ${engine.device}`,
    date: now.toISOString().slice(0, 10),
  };
}
