import type { Target } from '../tasks/task.js';
import { parseDecimal } from './parse-label.js';

/**
 * What the labels of a training set stand for: classes, unless every one is a number and one of them is not whole. Classes are ordered
 * by code units, or by value where all are whole numbers.
 * @param kind what they are known to stand for
 */
export function inferTarget(labels: readonly string[], kind?: Target['kind']): Target {
  const numbers = labels.map(parseDecimal);
  const isNumber = numbers.every(Number.isFinite) && !numbers.every(Number.isInteger);
  if (kind === 'number' || (kind === undefined && isNumber)) return { kind: 'number' };
  const whole = numbers.every(Number.isInteger);
  const found = [...new Set(labels)].filter((label) => label !== '');
  return { kind: 'classes', labels: whole ? found.sort((a, b) => Number(a) - Number(b)) : found.sort() };
}
