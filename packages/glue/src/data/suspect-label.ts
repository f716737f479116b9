import type { Target } from '../tasks/task.js';
import { shortened } from './data-error.js';
import { hasDecimalComma, type LabelProblem, parseDecimal } from './parse-label.js';

/** A label that speaks against what `inferTarget` took the labels for. */
export interface SuspectLabel extends LabelProblem {
  /** Which of the labels, from 0; undefined for all of them together. */
  readonly row: number | undefined;
}

/** So many labels, and classes for more than half of them, are rather numbers, or no labels. */
const enough = 20;

const asClasses = "target: 'classes' (--target classes)";
const asNumber = "target: 'number' (--target number)";

/**
 * What makes a guess at labels doubtful: one that is no number among numbers, one number written in two ways as two classes, a class for nearly every example.
 * Where it was said what the labels stand for, there is nothing to doubt.
 */
export function suspectLabel(labels: readonly string[], target: Target): SuspectLabel | undefined {
  return target.kind === 'number' ? strangerAmongNumbers(labels) : (numberTwice(labels) ?? tooManyClasses(labels, target.labels));
}

function strangerAmongNumbers(labels: readonly string[]): SuspectLabel | undefined {
  const row = labels.findIndex((label) => !Number.isFinite(parseDecimal(label)));
  if (row < 0) return undefined;
  const comma = hasDecimalComma(labels[row]!) ? "write the decimal point as '.'" : 'mend it';
  return { row, problem: `'${shortened(labels[row]!)}' is no number, and most labels are`, hint: `${comma}; where labels are names, say ${asClasses}` };
}

function numberTwice(labels: readonly string[]): SuspectLabel | undefined {
  const written = new Map<number, string>();
  for (const [row, label] of labels.entries()) {
    const value = parseDecimal(label);
    if (!Number.isFinite(value)) continue;
    const before = written.get(value) ?? label;
    const hint = `write it in one way; where they are two classes, say ${asClasses}`;
    if (before !== label) return { row, problem: `'${shortened(label)}' and '${shortened(before)}' are the same number`, hint };
    written.set(value, label);
  }
  return undefined;
}

function tooManyClasses(labels: readonly string[], classes: readonly string[]): SuspectLabel | undefined {
  if (labels.length < enough || 2 * classes.length <= labels.length) return undefined;
  const numbers = classes.every((label) => Number.isFinite(parseDecimal(label)));
  const hint = `${numbers ? `where they are scores, say ${asNumber}` : 'name the column of the labels'}; where they are classes, say ${asClasses}`;
  return { row: undefined, problem: `the ${labels.length} labels make ${classes.length} classes`, hint };
}
