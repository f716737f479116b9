import type { NamedTensor, Tensors } from '@hookline/core';
import type { HubModelType } from './hub-config.js';
import { decoderBias, decoderWeight, embeddings, finalLayerNorm, pooler, transform } from './parameters.js';
import { sameNumbers } from './same-numbers.js';

/** The model's own prefix in files of PreLN models. */
const preNormPrefix = 'roberta_prelayernorm';

/** PreLN: the beginnings of names in the file, and here. The first that fits a name counts, in either direction. */
const preNormNames: readonly (readonly [file: string, own: string])[] = [
  [`${preNormPrefix}.LayerNorm.`, `${finalLayerNorm}.`],
  [`${preNormPrefix}.`, 'bert.'],
  ['lm_head.dense.', `${transform}.dense.`],
  ['lm_head.layer_norm.', `${transform}.LayerNorm.`],
  ['lm_head.decoder.weight', decoderWeight],
  ['lm_head.decoder.bias', decoderBias],
  ['lm_head.bias', decoderBias],
  ['classifier.dense.', `${pooler}.`],
  ['classifier.out_proj.', 'classifier.'],
];

/** Base models are saved without their prefix. */
const withPrefix = (name: string, prefix: string): string => (/^(embeddings|encoder|pooler|LayerNorm)\./.test(name) ? `${prefix}.${name}` : name);

function ownPreNormName(name: string): string {
  const full = withPrefix(name, preNormPrefix);
  const [file, own] = preNormNames.find(([start]) => full.startsWith(start)) ?? ['', ''];
  return `${own}${full.slice(file.length)}`
    .replace(/(\.layer\.\d+\.attention)\.LayerNorm\./, '$1.output.LayerNorm.')
    .replace(/(\.layer\.\d+)\.intermediate\.LayerNorm\./, '$1.output.LayerNorm.');
}

function ownPostNormName(name: string): string {
  const modern = name.replace(/LayerNorm\.gamma$/, 'LayerNorm.weight').replace(/LayerNorm\.beta$/, 'LayerNorm.bias');
  return withPrefix(modern === 'cls.predictions.decoder.bias' ? decoderBias : modern, 'bert');
}

/** The name here (see `parameterShapes`) of a tensor in a file of that type, with or without the model's prefix; files of TensorFlow times say gamma and beta. */
export const ownName = (modelType: HubModelType, name: string): string => (modelType === 'bert' ? ownPostNormName(name) : ownPreNormName(name));

/**
 * The name in a file of that type, prefix included, of a tensor here: the inverse of `ownName`.
 * @param classifier whether the model is a classifier, whose head in PreLN contains the pooler
 */
export function fileName(modelType: HubModelType, name: string, classifier = false): string {
  if (modelType === 'bert') return name;
  if (name.startsWith(`${pooler}.`) && !classifier) return name.replace('bert', preNormPrefix);
  const moved = name
    .replace(/(\.layer\.\d+)\.attention\.output\.LayerNorm\./, '$1.attention.LayerNorm.')
    .replace(/(\.layer\.\d+)\.output\.LayerNorm\./, '$1.intermediate.LayerNorm.');
  const general = `${preNormPrefix}.`;
  const special = preNormNames.filter(([file]) => file !== general && file !== 'lm_head.decoder.bias').find(([, own]) => moved.startsWith(own));
  if (special) return `${special[0]}${moved.slice(special[1].length)}`;
  return moved.startsWith('bert.') ? `${general}${moved.slice('bert.'.length)}` : moved;
}

/** Buffers that are no weights. */
const isBuffer = (name: string): boolean => name === `${embeddings}.position_ids` || name === `${embeddings}.token_type_ids`;

/** Tensors of a file by the names here, with the names that they have there. */
export interface OwnTensors {
  readonly tensors: ReadonlyMap<string, NamedTensor>;
  readonly fileNames: ReadonlyMap<string, string>;
  /** Names here that several tensors of the file have, with other numbers: the names there. */
  readonly conflicts: ReadonlyMap<string, readonly string[]>;
}

/** Takes a file's tensors under the names here; buffers are left out, of several with one name the first is taken. */
export function ownTensors(file: Tensors, modelType: HubModelType): OwnTensors {
  const entries = Object.keys(file)
    .map((name) => [ownName(modelType, name), name] as const)
    .filter(([own]) => !isBuffer(own));
  const tensors = new Map<string, NamedTensor>();
  const fileNames = new Map<string, string>();
  const conflicts = new Map<string, readonly string[]>();
  for (const [own, name] of entries) {
    const tensor = file[name] as NamedTensor;
    const before = tensors.get(own);
    if (!before) {
      tensors.set(own, tensor);
      fileNames.set(own, name);
    } else if (!sameNumbers(before, tensor)) {
      conflicts.set(own, [...(conflicts.get(own) ?? [fileNames.get(own)!]), name]);
    }
  }
  return { tensors, fileNames, conflicts };
}

/** A table of positions without the rows before position 0, or with rows of zeros there: [P, H]. */
export function withoutRows({ shape, data }: NamedTensor, rows: number): NamedTensor {
  const [length = 0, width = 0] = shape;
  return { shape: [length - rows, width], data: data.slice(rows * width) };
}

export function withZeroRows({ shape, data }: NamedTensor, rows: number): NamedTensor {
  const [length = 0, width = 0] = shape;
  const padded = new Float32Array((length + rows) * width);
  padded.set(data, rows * width);
  return { shape: [length + rows, width], data: padded };
}
