import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import * as core from '../src/index.js';
import * as node from '../src/node/index.js';
import { pluginConformance, resumeConformance } from '../src/testing/index.js';
import { builtIn } from './built-in.js';

const directory = mkdtempSync(join(tmpdir(), 'hookline-built-in-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const plugins = builtIn(directory);

const isFactory = (value: unknown): boolean => typeof value === 'function' && 'pluginName' in value;

it('covers every built-in plugin', () => {
  const exported = Object.entries({ ...core, ...node }).filter(([, value]) => isFactory(value));
  expect(exported.map(([name]) => name).sort()).toEqual(Object.keys(plugins).sort());
});

describe.each(Object.entries(plugins))('%s', (_, { make, ...options }) => {
  for (const { name, run } of pluginConformance(make, options)) it(name, run);
});

it('resume bit for bit, all of them together', async () => {
  const { linearWarmup: _, earlyStopping: __, ...together } = plugins;
  const run = mkdtempSync(join(directory, 'run-'));
  const report = await resumeConformance({ plugins: () => Object.values(together).map(({ make }) => make()), kills: [1, 4, 5, 8, 10], directory: () => run });
  expect(report.kills.length).toBe(5);
});
