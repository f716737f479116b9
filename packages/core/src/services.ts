import 'reflect-metadata/lite';
import { container, type DependencyContainer, type InjectionToken } from 'tsyringe';
import { uniform } from './random.js';
import type { CheckpointStore } from './trainer-types.js';

/** The key of a service, typed by what it resolves to. */
export type Token<X> = InjectionToken<X>;

/** A typed token; the same name is the same token, also in two copies of core. */
export const token = <X>(name: string): Token<X> => Symbol.for(`hookline.${name}`) as Token<X>;

/** Wall-clock time. */
export interface Clock {
  /** Seconds since some fixed moment; only differences mean anything. */
  seconds(): number;
  /** Time of day, in milliseconds since 1970. */
  now(): number;
}

/** Source of keyed draws; a replacement must be a pure function too. */
export interface RandomSource {
  /** A draw in [0, 1), a pure function of its arguments. */
  uniform(seed: number, stream: string, step: number, index: number): number;
}

/** Where warnings go: a listener that threw, a damaged checkpoint that was passed over. */
export interface Logger {
  info(message: string): void;
  warn(message: string): void;
}

/** This process among those that train together. Alone: rank 0 of 1. */
export interface Communicator {
  readonly rank: number;
  readonly size: number;
}

/** Where the checkpoints of a run directory go, when a run is given a directory and no store. */
export interface RunStorage {
  /** @param warn told of a damaged checkpoint that is passed over */
  open(directory: string, warn: (message: string) => void): Promise<CheckpointStore>;
}

export const Clock = token<Clock>('Clock');
export const RandomSource = token<RandomSource>('RandomSource');
export const Logger = token<Logger>('Logger');
export const RunStorage = token<RunStorage>('RunStorage');
export const Communicator = token<Communicator>('Communicator');

/** The services of one run. */
export type Services = DependencyContainer;

const root = container.createChildContainer();
root.register(Clock, { useFactory: (): Clock => ({ seconds: () => performance.now() / 1000, now: () => Date.now() }) });
root.register(RandomSource, { useFactory: (): RandomSource => ({ uniform }) });
root.register(Logger, { useFactory: (): Logger => ({ info: (message) => console.error(message), warn: (message) => console.error(message) }) });
root.register(RunStorage, { useFactory: (): RunStorage => ({ open: async (directory, warn) => (await import('#run-storage')).openRun(directory, warn) }) });
root.register(Communicator, { useFactory: (): Communicator => ({ rank: 0, size: 1 }) });

/**
 * A container for one run over the defaults; nothing registered in it reaches another run.
 * @param replace registers replacements and additions, by token and factory: `(run) => run.register(Clock, { useFactory: () => clock })`
 */
export function createServices(replace?: (run: Services) => void): Services {
  const run = root.createChildContainer();
  replace?.(run);
  return run;
}
