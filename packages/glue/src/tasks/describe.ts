import { nameList } from '@hookline/core';
import type { TextTask } from './task.js';

/** What a task is, in a line: `single texts with 2 classes (bad, good), judged by accuracy`. */
export function describeTask({ texts, target, metrics }: TextTask): string {
  const range = target.kind === 'number' && target.range ? ` from ${target.range[0]} to ${target.range[1]}` : '';
  const what = target.kind === 'number' ? `a number${range}` : `${target.labels.length} classes (${nameList(target.labels)})`;
  return `${texts === 2 ? 'pairs of texts' : 'single texts'} with ${what}, judged by ${metrics.join(', ')}`;
}
