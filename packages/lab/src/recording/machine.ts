import { arch, availableParallelism, cpus, platform, totalmem } from 'node:os';
import type { Engine } from '@hookline/tfjs';

/** What a report says of the machine and the engine; nothing that names its user or its place. */
export function machineFacts(engine?: Pick<Engine, 'name' | 'version' | 'device'>): readonly (readonly [string, string])[] {
  const model = cpus()[0]?.model.replace(/\s+/g, ' ').trim() || 'unknown';
  return [
    ['Processor', `${model}, ${availableParallelism()} cores`],
    ['Memory', `${Math.round(totalmem() / 2 ** 30)} GiB`],
    ['System', `${platform()} ${arch()}, Node ${process.versions.node}`],
    ...(engine ? [['Engine', `${engine.name} ${engine.version}: ${engine.device}`] as const] : []),
  ];
}
