import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import * as z from 'zod';
import * as core from '../src/index.js';
import * as node from '../src/node/index.js';
import { trainerOptions } from '../src/trainer-options.js';

const root = join(import.meta.dirname, '..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const code = (text: string): string[] => [...text.matchAll(/`(\w+)`/g)].map(([, word]) => word!);
const row = (name: string): string => readme.split('\n').find((line) => line.startsWith(`| \`${name}\``)) ?? '';

/** Names of the options of a plugin: of an object, or of all objects of a union. */
function optionsOf(schema: z.ZodType): string[] {
  if (schema instanceof z.ZodObject) return Object.keys(schema.shape);
  return schema instanceof z.ZodDiscriminatedUnion ? schema.options.flatMap((option) => optionsOf(option as z.ZodType)) : [];
}

it('names every built-in plugin with every option', () => {
  const factories = Object.entries({ ...core, ...node }).flatMap(([name, value]) =>
    typeof value === 'function' && 'pluginName' in value ? [[name, value.options as z.ZodType] as const] : [],
  );
  expect(factories.length).toBeGreaterThan(10);
  for (const [name, schema] of factories) {
    const options = optionsOf(schema);
    expect(options.length, name).toBeGreaterThan(0);
    expect(code(row(name)), name).toEqual(expect.arrayContaining(options));
  }
});

it('names every option of createTrainer', () => {
  const table = readme.slice(readme.indexOf('## Options of'), readme.indexOf('## A learner'));
  expect(code(table)).toEqual(expect.arrayContaining(Object.keys(trainerOptions.shape)));
});

it('links to files that exist', () => {
  for (const [, link] of readme.matchAll(/\]\((\S+?)\)/g)) expect(existsSync(join(root, link!)), link).toBe(true);
});
