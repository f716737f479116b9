import { attention, dropout, type ForwardContext, gelu, layerNorm, linear } from '@hookline/tfjs';
import * as tf from '@tensorflow/tfjs-core';

/** GPT-2's initialization (Radford et al. 2019): normal of deviation 0.02, what ends a residual branch divided by √(2·layers), LayerNorm the identity. */
export function initializer(seed: number) {
  let key = seed;
  const normal = (shape: number[], deviation = 0.02) => tf.randomNormal(shape, 0, deviation, 'float32', ++key);
  const norm = (name: string, width: number) => ({ [`${name}.weight`]: tf.ones([width]), [`${name}.bias`]: tf.zeros([width]) });
  const affine = (name: string, inputs: number, outputs: number, deviation?: number) => ({
    [`${name}.weight`]: normal([outputs, inputs], deviation),
    [`${name}.bias`]: tf.zeros([outputs]),
  });
  const block = (name: string, width: number, layers: number) => ({
    ...norm(`${name}.attention.layer_norm`, width),
    ...affine(`${name}.attention.in`, width, 3 * width),
    ...affine(`${name}.attention.out`, width, width, 0.02 / Math.sqrt(2 * layers)),
    ...norm(`${name}.mlp.layer_norm`, width),
    ...affine(`${name}.mlp.in`, width, 4 * width),
    ...affine(`${name}.mlp.out`, 4 * width, width, 0.02 / Math.sqrt(2 * layers)),
  });
  return { normal, norm, affine, block };
}

/** What layers of these names compute. */
export const layersOf = ({ get }: Pick<ForwardContext, 'get'>) => ({
  affine: (name: string, x: tf.Tensor) => linear(x, get(`${name}.weight`), get(`${name}.bias`)),
  norm: (name: string, x: tf.Tensor) => layerNorm(x, get(`${name}.weight`), get(`${name}.bias`), 1e-5),
});

/** A PreLN transformer block, x [B, S, H]. What makes it droppable is the two words `block` and `branch`. */
export function preLnBlock(context: ForwardContext, name: string, x: tf.Tensor, options: { heads: number; rate?: number; causal?: boolean }): tf.Tensor {
  const { affine, norm } = layersOf(context);
  const { heads, causal } = options;
  return context.block(name, x, (h, { branch, seed, mode }) => {
    const rate = mode === 'train' ? (options.rate ?? 0) : 0;
    const attend = (u: tf.Tensor) => {
      const [q, k, v] = tf.split(affine(`${name}.attention.in`, norm(`${name}.attention.layer_norm`, u)), 3, -1) as [tf.Tensor, tf.Tensor, tf.Tensor];
      const mixed = attention(q, k, v, { heads, causal, dropout: { rate, seed, salt: 0 } }); // [B, S, H]
      return dropout(affine(`${name}.attention.out`, mixed), rate, seed, 1);
    };
    const feed = (u: tf.Tensor) => dropout(affine(`${name}.mlp.out`, gelu(affine(`${name}.mlp.in`, norm(`${name}.mlp.layer_norm`, u)))), rate, seed, 2);
    return branch('mlp', branch('attention', h, attend), feed);
  });
}
