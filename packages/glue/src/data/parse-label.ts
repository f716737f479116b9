import { didYouMean } from '@hookline/core';
import type { GlueTask } from '../tasks/glue-task.js';
import type { Target } from '../tasks/task.js';
import { shortened } from './data-error.js';

/** Why a label cannot be read, and what would do. */
export interface LabelProblem {
  readonly problem: string;
  readonly hint: string;
}

/** Digits with an optional sign, point and exponent: no hexadecimal, no blanks, none of the words that `Number` knows. */
const decimal = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** A decimal number; NaN for any other text. */
export const parseDecimal = (text: string): number => (decimal.test(text) ? Number(text) : Number.NaN);

/** Whether a text looks like a number with a decimal comma, which is not read. */
export const hasDecimalComma = (text: string): boolean => /^[^,]*,\d+$/.test(text);

/**
 * Reads a label as it is written in a file: the index of a class, its name, or a number.
 * @returns the class's index or the number, or what is wrong with the text
 */
export function parseLabel(text: string, target: Target, written: GlueTask['written']): number | LabelProblem {
  if (target.kind === 'number') return parseNumber(text, target.range);
  const classes = written === 'index' ? target.labels.map((_, i) => String(i)) : target.labels;
  const found = classes.indexOf(text);
  if (found >= 0) return found;
  return { problem: text === '' ? 'there is no label' : `there is no label '${shortened(text)}'`, hint: didYouMean(text, classes) };
}

function parseNumber(text: string, range: readonly [number, number] | undefined): number | LabelProblem {
  const value = parseDecimal(text);
  const hint = range ? `labels are numbers from ${range[0]} to ${range[1]}` : 'labels are numbers';
  if (!Number.isFinite(value)) return { problem: text === '' ? 'there is no label' : `'${shortened(text)}' is no number`, hint };
  return inRange(value, range) ? value : { problem: `${text} is out of range`, hint };
}

/** Whether a number lies in a closed range, where there is one. */
export const inRange = (value: number, range: readonly [number, number] | undefined): boolean => !range || (value >= range[0] && value <= range[1]);
