import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { finetuneConfig } from './config.js';
import { readJson } from './files.js';

const plan = z.strictObject({
  /** The first seed's configuration. */
  config: finetuneConfig,
  /** How many seeds, from the configuration's on. */
  seeds: z.int().min(1),
});

/** What a run of several seeds set out to do. */
export type SeedsPlan = z.output<typeof plan>;

const planFile = (directory: string): string => join(directory, 'seeds.json');
const resultFile = (directory: string): string => join(directory, 'result.json');

/** Whether a directory holds a run of several seeds. */
export const hasSeeds = (directory: string): boolean => existsSync(planFile(directory));

/** @throws HooklineError `HOOKLINE_RUN` where the file is none of ours */
export const readSeedsPlan = (directory: string): SeedsPlan => readJson(planFile(directory), plan);

export function writeSeedsPlan(directory: string, made: SeedsPlan): void {
  mkdirSync(directory, { recursive: true });
  writeFileSync(planFile(directory), `${JSON.stringify(made, undefined, 2)}\n`);
}

const scalars = z.record(
  z.string(),
  z
    .number()
    .nullable()
    .transform((value) => value ?? Number.NaN),
);
const result = z.strictObject({
  steps: z.int(),
  /** NaN, which JSON writes as null, where the metric does not exist. */
  metrics: z.record(z.string(), scalars),
  best: z
    .number()
    .nullable()
    .transform((value) => value ?? Number.NaN),
  seconds: z.number(),
  processorSeconds: z.number().exactOptional(),
});

/** What a seed that reached its end came to. */
export type SeedOutcome = z.output<typeof result>;

/** The outcome of a seed's run that is done; undefined before. @throws HooklineError `HOOKLINE_RUN` where the file is none of ours */
export const readSeedOutcome = (directory: string): SeedOutcome | undefined =>
  existsSync(resultFile(directory)) ? readJson(resultFile(directory), result) : undefined;

/** Written last, whole or not at all: a seed without it is not done. */
export function writeSeedOutcome(directory: string, { steps, metrics, best, seconds, processorSeconds }: SeedOutcome): void {
  writeFileSync(`${resultFile(directory)}.tmp`, `${JSON.stringify({ steps, metrics, best, seconds, processorSeconds })}\n`);
  renameSync(`${resultFile(directory)}.tmp`, resultFile(directory));
}

/** Whether a seed's run has begun. */
export const hasBegun = (directory: string): boolean => existsSync(join(directory, 'config.json'));
