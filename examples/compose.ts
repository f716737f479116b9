import { clipGradients } from '@hookline/core';
import { progressiveLayerDropping } from '@hookline/pld-plugin';
import { blockDistance } from './block-distance.js';
import { gradientNoise } from './gradient-noise.js';
import { progressiveFreezing } from './progressive-freezing.js';
import { isProgram, run } from './run.js';
import { spikeGuard } from './spike-guard.js';

/** All of them together, with layer dropping and clipping, in any order: each changes one thing, and the trainer sorts the stages. */
export const everything = () => [
  clipGradients({ norm: 1 }),
  blockDistance(20),
  progressiveLayerDropping({ matchSaving: 0.25 }),
  spikeGuard(),
  gradientNoise(0.001),
  progressiveFreezing(),
];

if (isProgram(import.meta.url)) await run(everything());
