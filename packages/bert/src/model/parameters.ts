import type { BlockInfo } from '@hookline/core';
import type { BertConfig } from './config.js';

/** Which heads a model has. */
export interface BertHeads {
  /** Next-sentence prediction: the pooler and a classifier of two. */
  readonly nsp: boolean;
  /** Masked words; default true. */
  readonly mlm?: boolean;
  /** The pooler by itself; default: where another head needs it. */
  readonly pooler?: boolean;
  /** Labels of a classifier over the pooler, 1 for a score; default: there is none. */
  readonly labels?: number;
}

export const embeddings = 'bert.embeddings';
/** The LayerNorm after the last PreLN block. Hugging Face's BERT, PostLN only, has no name for it. */
export const finalLayerNorm = 'bert.encoder.final_layer_norm';
export const transform = 'cls.predictions.transform';
/** The MLM head's bias; its weight is the table of word embeddings. */
export const decoderBias = 'cls.predictions.bias';
/** The weight that some files hold for the MLM head: a copy of the word embeddings. */
export const decoderWeight = 'cls.predictions.decoder.weight';
export const pooler = 'bert.pooler.dense';
export const nextSentence = 'cls.seq_relationship';
export const classifier = 'classifier';

const weightAndBias = (name: string): readonly string[] => [`${name}.weight`, `${name}.bias`];
/** The table of word embeddings. */
export const wordTable = `${embeddings}.word_embeddings.weight`;
/** The table of position embeddings, from position 0 on. */
export const positionTable = `${embeddings}.position_embeddings.weight`;
/** Parameters by the parts of the model that are no blocks. */
export const parameterNames = {
  embeddings: [wordTable, positionTable, `${embeddings}.token_type_embeddings.weight`, ...weightAndBias(`${embeddings}.LayerNorm`)],
  finalLayerNorm: weightAndBias(finalLayerNorm),
  maskedHead: [wordTable, decoderBias, ...weightAndBias(`${transform}.dense`), ...weightAndBias(`${transform}.LayerNorm`)],
  nextSentenceHead: [...weightAndBias(pooler), ...weightAndBias(nextSentence)],
  classifierHead: [...weightAndBias(pooler), ...weightAndBias(classifier)],
} as const;

/** Name of a block for gates: `encoder.0` is the lowest. */
export const blockName = (layer: number): string => `encoder.${layer}`;
/** Prefix of a block's parameters. */
export const layerPrefix = (layer: number): string => `bert.encoder.layer.${layer}`;

type Shapes = Record<string, readonly number[]>;

const linearShapes = (name: string, out: number, into: number): Shapes => ({ [`${name}.weight`]: [out, into], [`${name}.bias`]: [out] });
const normShapes = (name: string, size: number): Shapes => ({ [`${name}.weight`]: [size], [`${name}.bias`]: [size] });

/** Shapes of the parameters of one layer by branch, in the order of the forward pass for PostLN. */
function branchShapes(config: BertConfig, layer: number): { readonly attention: Shapes; readonly ffn: Shapes } {
  const { hiddenSize: hidden, intermediateSize: inner } = config;
  const prefix = layerPrefix(layer);
  return {
    attention: {
      ...linearShapes(`${prefix}.attention.self.query`, hidden, hidden),
      ...linearShapes(`${prefix}.attention.self.key`, hidden, hidden),
      ...linearShapes(`${prefix}.attention.self.value`, hidden, hidden),
      ...linearShapes(`${prefix}.attention.output.dense`, hidden, hidden),
      ...normShapes(`${prefix}.attention.output.LayerNorm`, hidden),
    },
    ffn: {
      ...linearShapes(`${prefix}.intermediate.dense`, inner, hidden),
      ...linearShapes(`${prefix}.output.dense`, hidden, inner),
      ...normShapes(`${prefix}.output.LayerNorm`, hidden),
    },
  };
}

/**
 * Shape of every parameter by Hugging Face's name. Linear weights are [out, in]. In PreLN the two LayerNorms of a layer keep
 * their names but sit on the input of the branch: `attention.output.LayerNorm` before attention, `output.LayerNorm` before the
 * feed-forward (DeepSpeed's modelingpreln.py puts them there too).
 */
export function parameterShapes(config: BertConfig, heads: BertHeads = { nsp: true }): Readonly<Shapes> {
  const { hiddenSize: hidden } = config;
  const shapes: Shapes = {
    [wordTable]: [config.vocabSize, hidden],
    [positionTable]: [config.maxPositionEmbeddings, hidden],
    [`${embeddings}.token_type_embeddings.weight`]: [config.typeVocabSize, hidden],
    ...normShapes(`${embeddings}.LayerNorm`, hidden),
  };
  for (let layer = 0; layer < config.numHiddenLayers; layer++) {
    const { attention, ffn } = branchShapes(config, layer);
    Object.assign(shapes, attention, ffn);
  }
  if (config.norm === 'pre') Object.assign(shapes, normShapes(finalLayerNorm, hidden));
  if (heads.mlm ?? true) {
    Object.assign(
      shapes,
      { [decoderBias]: [config.vocabSize] },
      linearShapes(`${transform}.dense`, hidden, hidden),
      normShapes(`${transform}.LayerNorm`, hidden),
    );
  }
  if (heads.pooler || heads.nsp || heads.labels) Object.assign(shapes, linearShapes(pooler, hidden, hidden));
  if (heads.nsp) Object.assign(shapes, linearShapes(nextSentence, 2, hidden));
  if (heads.labels) Object.assign(shapes, linearShapes(classifier, heads.labels, hidden));
  return shapes;
}

/** What a learner says of the model's blocks: one a layer, with the branches `attention` and `ffn`. */
export function bertBlocks(config: BertConfig): readonly BlockInfo[] {
  return Array.from({ length: config.numHiddenLayers }, (_, layer): BlockInfo => {
    const shapes = branchShapes(config, layer);
    const attention = Object.keys(shapes.attention);
    const ffn = Object.keys(shapes.ffn);
    return {
      name: blockName(layer),
      branches: ['attention', 'ffn'],
      parameters: [...attention, ...ffn],
      branchParameters: { attention, ffn },
      cost: 1,
      norm: config.norm,
    };
  });
}

/** Numbers that the model trains; the tied decoder weight counts once. */
export function parameterCount(config: BertConfig, heads?: BertHeads): number {
  return Object.values(parameterShapes(config, heads)).reduce((sum, shape) => sum + shape.reduce((a, b) => a * b, 1), 0);
}
