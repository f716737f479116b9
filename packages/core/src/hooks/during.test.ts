import { lastValueFrom, of, toArray } from 'rxjs';
import { expect, test } from 'vitest';
import type { StepEvent } from '../events.js';
import { during, eachBlock } from './during.js';

const event = (phase: string, index: number) => ({ phase, index }) as unknown as StepEvent;
const events = [event('begin', 0), event('gradients', 0), event('end', 0), event('begin', 1)];

test('one phase is answered, the others pass untouched and in order', async () => {
  const seen = await lastValueFrom(during('begin', (step) => ({ ...step, learningRate: 3 }))(of(...events)).pipe(toArray()));
  expect(seen.map((e) => [e.phase, e.index, e.learningRate])).toEqual([
    ['begin', 0, 3],
    ['gradients', 0, undefined],
    ['end', 0, undefined],
    ['begin', 1, 3],
  ]);
  expect(seen[1]).toBe(events[1]);
});

test('an asynchronous answer keeps its place', async () => {
  const slow = during('begin', async (step) => ({ ...step, learningRate: 4 }));
  expect((await lastValueFrom(slow(of(...events)).pipe(toArray()))).map((e) => e.phase)).toEqual(['begin', 'gradients', 'end', 'begin']);
});

test('a phase that does not exist is refused where it is written', () => {
  expect(() => during('beginn' as 'begin', (step) => step)).toThrow("there is no phase 'beginn'; did you mean 'begin'?");
});

test('a block hook is marked synchronous', () => {
  expect(eachBlock((call) => call)['~synchronous']).toBe(true);
  expect(during('enter', (call) => call)['~synchronous']).toBe(true);
});
