import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type FoundSplit, surveyGlue } from './survey-glue.js';

const fixtures = join(import.meta.dirname, '../../test/fixtures');

async function survey(data: string, ...names: Parameters<typeof surveyGlue>[1] & {}): Promise<FoundSplit[]> {
  const found: FoundSplit[] = [];
  for await (const set of surveyGlue(data, names.length === 0 ? undefined : names)) found.push(set);
  return found;
}

it('finds every set in either layout, and prefers the official one', async () => {
  const official = await survey(join(fixtures, 'glue'));
  expect(official).toHaveLength(30);
  expect(new Set(official.map(({ found }) => found?.layout))).toEqual(new Set(['tsv']));
  const hub = await survey(join(fixtures, 'glue-parquet'));
  expect(hub.map(({ found }) => found?.examples)).toEqual(official.map(({ found }) => found?.examples));
  expect(new Set(hub.map(({ found }) => found?.layout))).toEqual(new Set(['parquet']));
});

it('tells of what is missing and of what is damaged, and goes on', async () => {
  const data = mkdtempSync(join(tmpdir(), 'hookline-survey-'));
  cpSync(join(fixtures, 'glue', 'WNLI'), join(data, 'WNLI'), { recursive: true });
  writeFileSync(join(data, 'WNLI', 'train.tsv'), 'nonsense\n');
  const sets = await survey(data, 'wnli', 'ax');
  expect(sets.map(({ task, split, found, error }) => `${task.name} ${split}: ${error ? 'damaged' : (found?.examples ?? 'missing')}`)).toEqual([
    'wnli train: damaged',
    'wnli dev: 3',
    'wnli test: 3',
    'ax test: missing',
  ]);
  await expect(survey(join(data, 'WNLI', 'train.tsv'))).rejects.toThrow(/is a file, not a folder/);
  rmSync(data, { recursive: true });
});
