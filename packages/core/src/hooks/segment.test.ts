import { delay, from, mergeMap, type Observable, of } from 'rxjs';
import { expect, test } from 'vitest';
import type { StepEvent } from '../events.js';
import { residualMlp } from '../testing/index.js';
import { createTrainer } from '../trainer.js';
import { eachBlock } from './during.js';

/** Answers at once, and again when the trainer has gone on. */
const answerAgain = (again: (event: StepEvent) => Observable<StepEvent>) => (events: Observable<StepEvent>) =>
  events.pipe(
    mergeMap((event) => (event.phase === 'end' ? [of(event), again(event)] : [of(event)])),
    mergeMap((event) => event),
  );
const inAMicrotask = (event: StepEvent) => from(Promise.resolve(event));

test('a plugin that causes an event of its own hook while it answers one is named', async () => {
  const learner = residualMlp();
  let again: (() => void) | undefined;
  const wrapped: typeof learner = {
    ...learner,
    gradients(batch, block, ...rest) {
      again = () => void block('block.3', { values: new Float64Array(6), gradient: new Float64Array(6) }, (x) => x);
      return learner.gradients(batch, block, ...rest);
    },
  };
  const onForwardBlock = eachBlock((call) => {
    again?.();
    return call;
  });
  await expect(createTrainer({ learner: wrapped, plugins: [{ name: 'bad', onForwardBlock }], steps: 1, learningRate: 1 }).run()).rejects.toMatchObject({
    plugin: 'bad',
    hook: 'onForwardBlock',
    fault: 'reentrant',
  });
});

test('a second answer by a timer is found out in a later step', async () => {
  const onStep = answerAgain((event) => of(event).pipe(delay(0)));
  const trainer = createTrainer({ learner: residualMlp(), plugins: [{ name: 'bad', onStep }], steps: 200, learningRate: 0.01 });
  await expect(trainer.run()).rejects.toMatchObject({ plugin: 'bad', fault: 'late' });
});

test('a second answer after the last step is found out too', async () => {
  const onStep = (events: Observable<StepEvent>) => events.pipe(mergeMap((event) => (event.phase === 'end' && event.index === 1 ? [event, event] : [event])));
  await expect(createTrainer({ learner: residualMlp(), plugins: [{ name: 'bad', onStep }], steps: 2, learningRate: 1 }).run()).rejects.toMatchObject({
    plugin: 'bad',
    step: 1,
    fault: 'several',
  });
  const late = answerAgain(inAMicrotask);
  await expect(createTrainer({ learner: residualMlp(), plugins: [{ name: 'bad', onStep: late }], steps: 1, learningRate: 1 }).run()).rejects.toMatchObject({
    plugin: 'bad',
    step: 0,
    fault: 'late',
  });
});
