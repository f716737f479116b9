import { type BlockInfo, type Data, type NamedTensor, type Tensors, uniform } from '@hookline/core';

/** Sizes of a residual transformer, and of its task: to say a row of tokens backwards. */
export interface Sizes {
  /** Residual blocks L. */
  readonly layers: number;
  /** Width H. */
  readonly hidden: number;
  /** Attention heads A; divides H. */
  readonly heads: number;
  /** Tokens a row, S. */
  readonly length: number;
  /** Different tokens, V. */
  readonly vocabulary: number;
  /** Rows a batch, B. */
  readonly batch: number;
}

export const small: Sizes = { layers: 4, hidden: 32, heads: 4, length: 8, vocabulary: 12, batch: 16 };

/** Epsilon of the LayerNorms. */
export const epsilon = 1e-5;

/** Rows of tokens, and the same rows backwards. */
export interface Rows {
  readonly tokens: Int32Array; // [B * S]
  readonly labels: Int32Array; // [B * S]
}

const seed = 17;

function rowsAt(stream: string, position: number, { batch, length, vocabulary }: Sizes): Rows {
  const tokens = Int32Array.from({ length: batch * length }, (_, i) => Math.floor(uniform(seed, stream, position, i) * vocabulary));
  const labels = tokens.map((_, i) => tokens[i - (i % length) + (length - 1 - (i % length))]!);
  return { tokens, labels };
}

/** Every batch is a function of its position. */
export const rowsData = (sizes: Sizes): Data<Rows> => ({
  batchesPerEpoch: 50,
  batch: (position) => rowsAt('train', position, sizes),
  counts: ({ tokens }) => ({ token: tokens.length }),
});

/** Rows that training does not see. */
export const heldOut = (sizes: Sizes): readonly Rows[] => [0, 1, 2].map((position) => rowsAt('held-out', position, sizes));

const attention = ['norm', 'query', 'key', 'value', 'out'];
const feedForward = ['norm', 'in', 'out'];
const parts = (block: string, branch: string, names: readonly string[]): readonly string[] =>
  names.flatMap((name) => ['weight', 'bias'].map((kind) => `${block}.${branch}.${name}.${kind}`));

/** A PreLN transformer's blocks: `x + ATTN(LN(x))`, then `x + FFN(LN(x))`. */
export const blocksOf = ({ layers }: Sizes): readonly BlockInfo[] =>
  Array.from({ length: layers }, (_, l) => {
    const name = `block.${l}`;
    const branchParameters = { attention: parts(name, 'attention', attention), ffn: parts(name, 'ffn', feedForward) };
    return { name, branches: ['attention', 'ffn'], parameters: Object.values(branchParameters).flat(), branchParameters, cost: 1, norm: 'pre' };
  });

/** Initial weights from keyed draws, matrices as [out, in]: uniform with the variance 1 / in, embeddings with that of 1 / H, biases 0. */
export function initial(sizes: Sizes): Tensors {
  const { hidden: H, vocabulary: V, length: S } = sizes;
  const shapes: Record<string, readonly number[]> = { 'embedding.token': [V, H], 'embedding.position': [S, H] };
  for (const name of blocksOf(sizes).flatMap((block) => block.parameters))
    shapes[name] = name.endsWith('ffn.in.weight')
      ? [4 * H, H]
      : name.endsWith('ffn.out.weight')
        ? [H, 4 * H]
        : name.endsWith('ffn.in.bias')
          ? [4 * H]
          : /norm|bias/.test(name)
            ? [H]
            : [H, H];
  Object.assign(shapes, { 'norm.weight': [H], 'norm.bias': [H], 'head.weight': [V, H], 'head.bias': [V] });
  const draw = (name: string, shape: readonly number[]): NamedTensor => {
    const width = Math.sqrt(3 / shape.at(-1)!);
    const constant = name.endsWith('norm.weight') ? 1 : name.endsWith('bias') ? 0 : undefined;
    return { shape, data: Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => constant ?? (2 * uniform(seed, name, 0, i) - 1) * width) };
  };
  return Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, draw(name, shape)]));
}
