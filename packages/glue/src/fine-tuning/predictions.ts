import type { BertModel, Tokenizer } from '@hookline/bert';
import type { Block } from '@hookline/core';
import type * as tf from '@tensorflow/tfjs-core';
import type { Example, Target } from '../tasks/task.js';
import { encodedExamples } from './encoded-examples.js';
import { logitsOf } from './loss.js';

/** What a model says of an example. */
export interface ExamplePrediction {
  /** The example's own. */
  readonly index: number;
  /** Of the classes, or the one number. */
  readonly logits: readonly number[];
  /** Index of the likeliest class, the first of several alike; or the number, within the task's range. */
  readonly value: number;
}

const within = (value: number, range: readonly [number, number] | undefined): number => (range ? Math.min(Math.max(value, range[0]), range[1]) : value);

/** The prediction that logits make. */
export const decide = (logits: readonly number[], target: Target): number =>
  target.kind === 'number' ? within(logits[0]!, target.range) : logits.indexOf(Math.max(...logits));

/** Probabilities of the classes: the softmax of logits. */
export function probabilities(logits: readonly number[]): readonly number[] {
  const most = Math.max(...logits);
  const shares = logits.map((logit) => Math.exp(logit - most));
  const sum = shares.reduce((total, share) => total + share, 0);
  return shares.map((share) => share / sum);
}

export interface PredictOptions {
  readonly model: BertModel;
  readonly tokenizer: Tokenizer;
  readonly target: Target;
  readonly batchSize: number;
  readonly maxLength: number;
  readonly block: Block<tf.Tensor>;
}

/** Predicts examples, in their order. They are batched by length, which saves padding and changes nothing else. */
export async function predictExamples(examples: readonly Example[], options: PredictOptions): Promise<readonly ExamplePrediction[]> {
  const { model, tokenizer, target, maxLength, block } = options;
  const encoded = encodedExamples(examples, tokenizer, maxLength);
  const order = examples.map((_, i) => i).sort((a, b) => encoded.length(a) - encoded.length(b));
  const batchSize = Math.min(options.batchSize, examples.length);
  const found: ExamplePrediction[] = [];
  for (let from = 0; from < order.length; from += batchSize) {
    const chosen = order.slice(from, from + batchSize);
    const rows = Array.from({ length: batchSize }, (_, r) => chosen[r] ?? chosen[0]!);
    const logits = logitsOf(model, encoded.rows(rows), block);
    const values = await logits.array();
    logits.dispose();
    for (const [r, example] of chosen.entries()) {
      const row = values[r]!;
      found[example] = { index: examples[example]!.index, logits: row, value: decide(row, target) };
    }
  }
  return found;
}
