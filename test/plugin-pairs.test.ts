/** Every pair of built-in plugins trains together and resumes exactly, or is refused with a reason: docs/plugins.md has the table. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as core from '@hookline/core';
import * as coreNode from '@hookline/core/node';
import { residualMlp, resumeConformance } from '@hookline/core/testing';
import * as dropping from '@hookline/pld-plugin';
import * as droppingNode from '@hookline/pld-plugin/node';
import { afterAll, expect, it } from 'vitest';
import { builtIn } from '../packages/core/test/built-in.js';

const root = mkdtempSync(join(tmpdir(), 'hookline-pairs-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

type Make = () => core.Plugin;

/** A constructor for each plugin there is, by its exported name. */
const plugins: Readonly<Record<string, Make>> = {
  ...Object.fromEntries(Object.entries(builtIn(root)).map(([name, { make }]) => [name, make])),
  earlyStopping: () => core.earlyStopping({ set: 'dev', metric: 'loss', mode: 'min', patience: 50 }), // not before the run is killed
  progressiveLayerDropping: () => dropping.progressiveLayerDropping({ thetaBar: 0.5 }),
  layerDrop: () => dropping.layerDrop({ p: 0.3 }),
  stochasticDepth: () => dropping.stochasticDepth({ finalSurvival: 0.6 }),
  writeGateTrace: () => droppingNode.writeGateTrace(),
};

const learner = () => residualMlp({ depth: 2, width: 2, rows: 6, batch: 2 });

/** Undefined where the two train together, else why they do not. */
async function refusal(a: Make, b: Make): Promise<string | undefined> {
  try {
    core.createTrainer({ learner: learner(), plugins: [a(), b()], steps: 1, store: core.memoryStore() });
  } catch (error) {
    const { code, message } = error as Partial<core.HooklineError>;
    if (!code?.startsWith('HOOKLINE_PLUGIN_')) throw error;
    return message!.split(';')[0]!;
  }
  const run = mkdtempSync(join(root, 'run-'));
  await resumeConformance({ plugins: () => [a(), b()], learner, steps: 20, kills: [12], every: 5, evaluateEvery: 6, directory: () => run });
  return undefined;
}

/** `plugins 'learning-rate', 'linear-warmup' all provide 'learning-rate'` as `both provide 'learning-rate'`. */
const inShort = (reason: string): string => reason.replace(/^plugins '[^']+', '[^']+' all/, 'both').replace(/^plugins '[^']+' and '[^']+' both/, 'both');

it('knows every plugin that is exported', () => {
  const exported = Object.entries({ ...core, ...coreNode, ...dropping, ...droppingNode }).filter(
    ([, value]) => typeof value === 'function' && 'pluginName' in value,
  );
  expect(Object.keys(plugins).sort()).toEqual(exported.map(([name]) => name).sort());
});

it('the table of docs/plugins.md is what pairs do (vitest --update writes it)', async () => {
  const names = Object.keys(plugins).sort();
  const reasons: string[] = [];
  const rows: string[] = [];
  for (const [i, name] of names.entries()) {
    const cells: string[] = [];
    for (const other of names.slice(0, i)) {
      const reason = await refusal(plugins[name]!, plugins[other]!).catch((error: unknown) => {
        throw new Error(`${name} and ${other}`, { cause: error });
      });
      if (reason === undefined) cells.push('+');
      else {
        const short = inShort(reason);
        if (!reasons.includes(short)) reasons.push(short);
        cells.push(String.fromCharCode(97 + reasons.indexOf(short)));
      }
    }
    rows.push(`| ${i + 1} | \`${name}\` | ${names.map((_, j) => cells[j] ?? '').join(' | ')} |`);
  }
  const numbers = names.map((_, i) => i + 1);
  const table = [
    `|  | plugin | ${numbers.join(' | ')} |`,
    `|${'---|'.repeat(names.length + 2)}`,
    ...rows,
    '',
    `\`+\`: trains together, and resumes to the bit. ${reasons.map((reason, i) => `\`${String.fromCharCode(97 + i)}\`: refused, ${reason}.`).join(' ')}`,
  ].join('\n');
  const file = join(import.meta.dirname, '..', 'docs', 'plugins.md');
  const page = readFileSync(file, 'utf8');
  const section = /(<!-- pairs -->\n).*(<!-- end of pairs -->)/s;
  expect(page).toMatch(section);
  const written = page.replace(section, (_, begin: string, end: string) => `${begin}${table}\n${end}`);
  await expect(written).toMatchFileSnapshot(file);
});
