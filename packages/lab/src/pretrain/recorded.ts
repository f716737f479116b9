import type { MetricsLine } from '@hookline/core/node';
import { type Recording, recordingOf } from '../recording/recording.js';
import type { PretrainConfig } from './config.js';
import { heldOutSet } from './plugins.js';

/** What a pre-training run recorded: its held-out loss, and the tokens that it read. */
export const recordedPretraining = (
  { batchSize, sequenceLength, accumulation }: Pick<PretrainConfig, 'batchSize' | 'sequenceLength' | 'accumulation'>,
  lines: readonly MetricsLine[],
): Recording => recordingOf(lines, { set: heldOutSet, tokensAStep: batchSize * sequenceLength * accumulation });
