import { pluginConformance } from '@hookline/core/testing';
import { describe, it } from 'vitest';
import { blockDistance } from './block-distance.js';
import { halving } from './first-plugin.js';
import { gradientNoise } from './gradient-noise.js';
import { lookahead } from './lookahead.js';
import { progressiveFreezing } from './progressive-freezing.js';
import { spikeGuard } from './spike-guard.js';

describe('spike-guard', () => {
  for (const { name, run } of pluginConformance(() => spikeGuard(), { refuses: [() => spikeGuard({ factor: 1 })] })) it(name, run);
});

describe('halving', () => {
  for (const { name, run } of pluginConformance(() => halving(0.1, 3))) it(name, run);
});

describe('gradient-noise', () => {
  for (const { name, run } of pluginConformance(() => gradientNoise(0.01))) it(name, run);
});

describe('block-distance', () => {
  for (const { name, run } of pluginConformance(() => blockDistance(2))) it(name, run);
});

describe('progressive-freezing', () => {
  for (const { name, run } of pluginConformance(() => progressiveFreezing({ from: 0.2 }), { refuses: [() => progressiveFreezing({ keep: -1 })] }))
    it(name, run);
});

describe('lookahead', () => {
  for (const { name, run } of pluginConformance(() => lookahead({ every: 2 }), { slots: ['slow'], refuses: [() => lookahead({ alpha: 2 })] })) it(name, run);
});
