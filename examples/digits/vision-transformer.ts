import type { ForwardContext, InitialParameters } from '@hookline/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { initializer, layersOf, preLnBlock } from '../gpt/pre-ln-block.js';

export interface VisionTransformerConfig {
  /** Pixels of a side of the image, and of a patch. */
  readonly side: number;
  readonly patch: number;
  readonly width: number; // H
  readonly heads: number;
  readonly layers: number;
  readonly classes: number; // C
}

const names = (layers: number): string[] => Array.from({ length: layers }, (_, i) => `layer.${i}`);

export function initialVisionTransformer({ side, patch, width, layers, classes }: VisionTransformerConfig, seed: number): InitialParameters {
  const { normal, norm, affine, block } = initializer(seed);
  return {
    ...affine('patches', patch ** 2, width, 1 / patch),
    positions: normal([(side / patch) ** 2, width], 0.5),
    ...Object.assign({}, ...names(layers).map((name) => block(name, width, layers))),
    ...norm('layer_norm', width),
    ...affine('head', width, classes),
  };
}

/** Square patches of images, row by row: [B, side, side, 1] to [B, S, patch²]. */
export function patchesOf(images: tf.Tensor, patch: number): tf.Tensor {
  const across = (images.shape[1] as number) / patch;
  const cut = tf.transpose(tf.reshape(images, [-1, across, patch, across, patch]), [0, 1, 3, 2, 4]);
  return tf.reshape(cut, [-1, across ** 2, patch ** 2]);
}

/**
 * A vision transformer (Dosovitskiy et al. 2021, arXiv:2010.11929) of PreLN blocks, its classifier on the mean of the patches instead of a class token.
 * images [B, side, side, 1]; logits [B, C].
 */
export const visionTransformer =
  ({ patch, heads, layers }: VisionTransformerConfig) =>
  (images: tf.Tensor, given: ForwardContext): tf.Tensor => {
    const { affine, norm } = layersOf(given);
    const h = tf.add(affine('patches', patchesOf(images, patch)), given.get('positions')); // [B, S, H]
    const last = names(layers).reduce((x, name) => preLnBlock(given, name, x, { heads }), h);
    return affine('head', tf.mean(norm('layer_norm', last), 1));
  };
