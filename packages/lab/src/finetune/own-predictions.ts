import type { Example, Target } from '@hookline/glue';

/** A cell as RFC 4180 has it. */
const cell = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/**
 * Predictions as CSV: a header, then `index,prediction` a row; names of classes, or numbers in full.
 * @param examples for their indices
 * @param predictions as many: class indices, or numbers
 */
export const formatOwnPredictions = (target: Target, examples: readonly Pick<Example, 'index'>[], predictions: readonly number[]): string =>
  `index,prediction\n${examples
    .map(({ index }, i) => `${index},${target.kind === 'number' ? predictions[i] : cell(target.labels[predictions[i]!]!)}\n`)
    .join('')}`;
