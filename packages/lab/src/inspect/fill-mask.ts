import { type BertConfig, bertBlocks, bertWeights, encode, maskedLogits } from '@hookline/bert';
import { readTokenizer } from '@hookline/bert/node';
import { type Block, HooklineError, openGates } from '@hookline/core';
import { createParameters, type EngineName, loadEngine, tensorAlgebra } from '@hookline/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { readRunConfig, runFiles } from '../pretrain/files.js';
import { modelOf } from '../pretrain/learner.js';
import { openCheckpoint, slotsOf, weightsOf } from './checkpoint.js';

/** A guess for a masked token. */
export interface Guess {
  readonly token: string;
  readonly probability: number;
  /** The text with this guess in the mask's place; other masks stay. */
  readonly text: string;
}

export interface FillMaskOptions {
  /** Guesses for each mask; default 5. */
  readonly top?: number;
  /** Default `auto`. */
  readonly engine?: EngineName | 'auto';
  readonly onWarning?: (message: string) => void;
}

/** Every block open, gain 1, no hooks: the network as it is used. */
function openBlock(config: BertConfig): Block<tf.Tensor> {
  const algebra = tensorAlgebra();
  const gates = new Map(openGates(bertBlocks(config)).map((gate) => [gate.name, gate]));
  return (name, x, body, ...inputs) =>
    algebra.run(
      { name, gate: gates.get(name)!, recompute: false, seed: [0, 0], mode: 'evaluate' },
      x,
      body as unknown as Parameters<typeof algebra.run>[2],
      inputs,
    );
}

/**
 * Fills each `[MASK]` of a text with the likeliest tokens, by the weights of a run's latest checkpoint or of a named one; the averaged weights where
 * the run kept an average.
 * @throws HooklineError `HOOKLINE_RUN`, `HOOKLINE_CHECKPOINT_…`, `HOOKLINE_TEXT` where the text has no `[MASK]` or is too long
 */
export async function fillMask(
  path: string,
  text: string,
  { top = 5, engine = 'auto', onWarning = () => undefined }: FillMaskOptions = {},
): Promise<readonly (readonly Guess[])[]> {
  const { directory, checkpoint } = await openCheckpoint(path, onWarning);
  const tokenizer = readTokenizer(runFiles(directory).tokenizer);
  const runConfig = readRunConfig(directory);
  const config = modelOf(runConfig, tokenizer);
  const { ids, tokenTypeIds } = tokenizer.encodeInput(text, undefined, {});
  const places = ids.flatMap((id, place) => (id === tokenizer.maskTokenId ? [place] : []));
  if (places.length === 0)
    throw new HooklineError('HOOKLINE_TEXT', 'the text has no [MASK]', { hint: "write [MASK] where a word is to be guessed, e.g. 'the [MASK] of the union'" });
  if (ids.length > config.maxPositionEmbeddings) {
    throw new HooklineError('HOOKLINE_TEXT', `the text has ${ids.length} tokens, the model was trained on rows of ${config.maxPositionEmbeddings}`, {
      hint: 'shorten the text',
    });
  }
  await loadEngine(engine);
  const slots = slotsOf(checkpoint.tensors);
  const heads = { nsp: runConfig.objective.includes('nsp') };
  const parameters = createParameters(bertWeights(weightsOf(checkpoint.tensors, slots.includes('ema') ? 'ema' : undefined), config, heads));
  try {
    const probabilities = tf.tidy(() => {
      const input = { inputIds: tf.tensor1d(ids, 'int32'), tokenTypeIds: tf.tensor1d(tokenTypeIds, 'int32'), attentionMask: tf.ones([1, ids.length]) };
      const hidden = encode({ config, parameters }, input, openBlock(config), { mode: 'evaluate', seed: [0, 0] }); // [S, H]
      return tf.softmax(maskedLogits({ config, parameters }, hidden, tf.tensor1d(places, 'int32'))); // [masks, V]
    });
    const values = (await probabilities.array()) as number[][];
    probabilities.dispose();
    return values.map((row, i) =>
      row
        .map((probability, id) => ({ probability, id }))
        .sort((a, b) => b.probability - a.probability || a.id - b.id)
        .slice(0, top)
        .map(({ probability, id }) => ({
          token: tokenizer.vocabulary[id]!,
          probability,
          text: tokenizer.decode(
            ids.slice(1, -1).map((own, place) => (place + 1 === places[i] ? id : own)),
            { skipSpecialTokens: false },
          ),
        })),
    );
  } finally {
    parameters.dispose();
  }
}
