import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Plugin } from '@hookline/core';
import { type PluginConformanceOptions, pluginConformance } from '@hookline/core/testing';
import { afterAll, describe, it } from 'vitest';
import { layerDrop, progressiveLayerDropping, recordGates, stochasticDepth } from '../src/index.js';
import { writeGateTrace } from '../src/node/index.js';

const root = mkdtempSync(join(tmpdir(), 'hookline-dropping-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe.each<[string, () => Plugin, PluginConformanceOptions]>([
  [
    'progressiveLayerDropping',
    () => progressiveLayerDropping({ thetaBar: 0.5 }),
    { refuses: [() => progressiveLayerDropping({ thetaBar: 2 }), () => progressiveLayerDropping({ thetaBar: 0.5, matchSaving: 0.2 })] },
  ],
  [
    'progressiveLayerDropping with systematic sampling, a gate a branch, a floor',
    () => progressiveLayerDropping({ matchSaving: 0.3, gates: 'branch', sampling: 'systematic', minimumActive: 1, dropped: 'decay' }),
    { refuses: [() => progressiveLayerDropping({ minimumActive: -1 })] },
  ],
  ['layerDrop', () => layerDrop({ p: 0.4 }), { refuses: [() => layerDrop({ p: 1.5 })] }],
  ['stochasticDepth', () => stochasticDepth({ finalSurvival: 0.4 }), { claims: ['evaluation'], refuses: [() => stochasticDepth({ finalSurvival: -1 })] }],
  ['recordGates', () => recordGates(() => undefined), {}],
  ['writeGateTrace', () => writeGateTrace(), { directory: () => mkdtempSync(join(root, 'run-')), refuses: [() => writeGateTrace({ path: '' })] }],
])('%s', (_, make, options) => {
  for (const { name, run } of pluginConformance(make, options)) it(name, run);
});
