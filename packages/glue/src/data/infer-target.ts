import type { Target } from '../tasks/task.js';
import { hasDecimalComma, parseDecimal } from './parse-label.js';

/** A number with a decimal comma, which is none here, and yet shows what a column holds. */
const withComma = (text: string): number => (hasDecimalComma(text) ? parseDecimal(text.replace(',', '.')) : Number.NaN);

/**
 * What the labels of a training set stand for: classes, unless most are numbers and one of them is not whole. Classes are ordered by code units, or by value
 * where all are whole numbers. A label that does not fit the guess is `suspectLabel`'s to find.
 * @param kind what they are known to stand for
 */
export function inferTarget(labels: readonly string[], kind?: Target['kind']): Target {
  const numbers = labels.map(parseDecimal);
  const likely = numbers.map((value, i) => (Number.isFinite(value) ? value : withComma(labels[i]!))).filter(Number.isFinite);
  const isNumber = 2 * likely.length > labels.length && !likely.every(Number.isInteger);
  if (kind === 'number' || (kind === undefined && isNumber)) return { kind: 'number' };
  const whole = numbers.every(Number.isInteger);
  const found = [...new Set(labels)].filter((label) => label !== '');
  return { kind: 'classes', labels: whole ? found.sort((a, b) => Number(a) - Number(b)) : found.sort() };
}
