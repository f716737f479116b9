import { expect, test } from 'vitest';
import { Clock, Communicator, createServices, Logger, RandomSource, token } from './services.js';

test('a replacement stays in its run', () => {
  const here = createServices((run) => run.register(Communicator, { useFactory: () => ({ rank: 1, size: 2 }) }));
  expect(here.resolve(Communicator)).toEqual({ rank: 1, size: 2 });
  expect(createServices().resolve(Communicator)).toEqual({ rank: 0, size: 1 });
});

test('every default resolves', () => {
  const run = createServices();
  expect(run.resolve(Clock).seconds()).toBeLessThanOrEqual(run.resolve(Clock).seconds());
  expect(run.resolve(RandomSource).uniform(1, 'a', 0, 0)).toBe(run.resolve(RandomSource).uniform(1, 'a', 0, 0));
  expect(run.resolve(Logger).warn).toBeTypeOf('function');
});

test('a token is its name', () => {
  expect(token<Clock>('Clock')).toBe(Clock);
});
