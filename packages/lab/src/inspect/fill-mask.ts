import { bertModel, predictMasked } from '@hookline/bert';
import type { ReadPretrainedOptions } from '@hookline/bert/node';
import { HooklineError } from '@hookline/core';
import { type EngineName, loadEngine } from '@hookline/tfjs';
import { readEvaluated } from './read-evaluated.js';

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

/** Tables padded to a round number are of use here: what they hold beyond the vocabulary is never guessed. */
const reading: ReadPretrainedOptions = { heads: { mlm: 'need', nsp: 'drop', pooler: 'drop', classifier: 'drop' }, allow: ['vocabulary'] };

/**
 * Fills each `[MASK]` of a text with the likeliest tokens, by the weights of a folder of Hugging Face, of a name on its hub, of a run's latest checkpoint
 * or of a named one; the averaged weights where the run kept an average.
 * @throws HooklineError as `readPretrained`; `HOOKLINE_TEXT` where the text has no `[MASK]` or is too long
 */
export async function fillMask(
  source: string,
  text: string,
  { top = 5, engine = 'auto', onWarning = () => undefined }: FillMaskOptions = {},
): Promise<readonly (readonly Guess[])[]> {
  const { config, tensors, tokenizer } = await readEvaluated(source, { ...reading, onNotice: onWarning });
  const encoded = tokenizer.encodeInput(text, undefined, {});
  const { ids } = encoded;
  const places = ids.flatMap((id, place) => (id === tokenizer.maskTokenId ? [place] : []));
  if (places.length === 0)
    throw new HooklineError('HOOKLINE_TEXT', 'the text has no [MASK]', { hint: "write [MASK] where a word is to be guessed, e.g. 'the [MASK] of the union'" });
  if (ids.length > config.maxPositionEmbeddings) {
    throw new HooklineError('HOOKLINE_TEXT', `the text has ${ids.length} tokens, the model has ${config.maxPositionEmbeddings} positions`, {
      hint: 'shorten the text',
    });
  }
  await loadEngine(engine);
  const model = bertModel(config, tensors, { nsp: false });
  try {
    const guesses = await predictMasked(model, encoded, places, top + config.vocabSize - tokenizer.vocabSize);
    const known = guesses.map((all) => all.filter(({ id }) => id < tokenizer.vocabSize).slice(0, top));
    return known.map((all, i) =>
      all.map(({ id, probability }) => ({
        token: tokenizer.vocabulary[id]!,
        probability,
        text: tokenizer.decode(
          ids.slice(1, -1).map((own, place) => (place + 1 === places[i] ? id : own)),
          { skipSpecialTokens: false },
        ),
      })),
    );
  } finally {
    model.dispose();
  }
}
