import { expect, it } from 'vitest';
import { describeTask } from './describe.js';
import { glueTasks } from './glue-tasks.js';

it('says in a line what is to be predicted, from what, and how it is judged', () => {
  expect(describeTask(glueTasks.cola)).toBe('single texts with 2 classes (unacceptable, acceptable), judged by matthews');
  expect(describeTask(glueTasks.stsb)).toBe('pairs of texts with a number from 0 to 5, judged by pearson, spearman');
  expect(describeTask({ name: 'mine', texts: 1, target: { kind: 'number' }, metrics: ['pearson'] })).toBe('single texts with a number, judged by pearson');
  const labels = Array.from({ length: 900 }, (_, i) => `label ${i}`);
  expect(describeTask({ name: 'mine', texts: 1, target: { kind: 'classes', labels }, metrics: ['accuracy'] })).toMatch(/900 classes \(.{300,700} more\)/);
});
