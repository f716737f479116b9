import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Data, decodeSafetensors, type Tensors } from '@hookline/core';
import { type BertConfig, bertConfig } from '../src/model/config.js';
import type { PretrainingBatch } from '../src/pretraining/batch.js';

type List = readonly number[];
/** Figures by parameter, in the order of `names`; null where the model lacks the parameter. */
type ByParameter = readonly (number | null)[];

export interface Trajectory {
  readonly mlm: List;
  readonly nsp: List;
  readonly gradNorm: List;
  readonly evalAfter: List;
  readonly finalParamNorm: ByParameter;
  readonly finalParamDelta?: ByParameter;
  readonly emaEvalAfter?: List;
  readonly emaParamNorm?: ByParameter;
}

export interface SingleCase {
  readonly case?: string;
  readonly convention?: string;
  readonly compose?: string;
  readonly gates?: readonly (number | readonly [number, number])[];
  readonly scale?: List;
  readonly mlm: number;
  readonly nsp: number;
  readonly gradNorm: ByParameter;
  readonly hiddenL2: List;
  readonly globalGradNorm?: number;
  readonly lastHiddenCls8?: List;
  readonly lastHiddenL2?: number;
  readonly pooled8?: List;
  readonly nspLogits?: readonly List[];
  readonly mlmLogits00_8?: List;
}

interface Oracle {
  readonly optimizer: {
    readonly betas: readonly [number, number];
    readonly eps: number;
    readonly weightDecay: number;
    readonly clip: number;
    readonly lrPerStep: List;
  };
  readonly lambRates: List;
  readonly names: readonly string[];
  readonly gating: {
    readonly keep: readonly List[];
    readonly gains: readonly List[];
    readonly gates: readonly List[];
    readonly branchGates: readonly (readonly (readonly [number, number])[])[];
    readonly emaDecay: number;
  };
  readonly batches: readonly {
    readonly input_ids: readonly List[];
    readonly token_type_ids: readonly List[];
    readonly attention_mask: readonly List[];
    readonly masked_lm_positions: readonly List[];
    readonly masked_lm_ids: readonly List[];
    readonly next_sentence_label: List;
  }[];
  readonly trajectories: Readonly<Record<string, Trajectory>>;
  readonly single: readonly SingleCase[];
  readonly step0: Readonly<Record<'pre' | 'post', SingleCase>>;
}

const fixture = (name: string) => readFileSync(join(import.meta.dirname, 'fixtures', name));

/** See fixtures/README.md. */
export const oracle: Oracle = JSON.parse(fixture('training-oracle.json').toString());

const weights = decodeSafetensors(fixture('preln-tiny.safetensors')).tensors;

/** The oracle's initial weights; those of PostLN are the same less the final LayerNorm. */
export const oracleWeights = (norm: 'pre' | 'post'): Tensors =>
  norm === 'pre' ? weights : Object.fromEntries(Object.entries(weights).filter(([name]) => !name.includes('final_layer_norm')));

export const oracleConfig = (norm: 'pre' | 'post'): BertConfig =>
  bertConfig({
    norm,
    hiddenSize: 64,
    numHiddenLayers: 4,
    numAttentionHeads: 4,
    intermediateSize: 256,
    vocabSize: 500,
    maxPositionEmbeddings: 32,
    hiddenDropoutProb: 0,
    attentionProbsDropoutProb: 0,
  });

/** The oracle's four batches. `spare` adds so many padded places of weight 0 to each row's masked positions. */
export const oracleBatches = (spare = 0): readonly PretrainingBatch[] =>
  oracle.batches.map((batch): PretrainingBatch => {
    const padding = Array<number>(spare).fill(0);
    const masked = (rows: readonly List[]) => Int32Array.from(rows.flatMap((row) => [...row, ...padding]));
    return {
      batchSize: 4,
      sequenceLength: 32,
      maskedPerRow: 5 + spare,
      inputIds: Int32Array.from(batch.input_ids.flat()),
      tokenTypeIds: Int32Array.from(batch.token_type_ids.flat()),
      attentionMask: Int32Array.from(batch.attention_mask.flat()),
      maskedPositions: masked(batch.masked_lm_positions),
      maskedIds: masked(batch.masked_lm_ids),
      maskedWeights: Float32Array.from(batch.masked_lm_ids.flatMap((row) => [...row.map(() => 1), ...padding])),
      nextSentenceLabels: Int32Array.from(batch.next_sentence_label),
    };
  });

/** Batch t mod 4 at position t. */
export function oracleData(batches = oracleBatches()): Data<PretrainingBatch> {
  return {
    batchesPerEpoch: batches.length,
    batch: (position) => batches[position % batches.length]!,
    counts: (batch) => ({ mlm: batch.maskedWeights.reduce((a, b) => a + b), nsp: batch.batchSize }),
  };
}
