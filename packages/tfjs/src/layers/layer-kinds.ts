import { type GraphNode, isA, type Layer } from './graph.js';

const convolutions = ['Conv1D', 'Conv2D', 'Conv3D', 'Conv2DTranspose', 'Conv3DTranspose', 'DepthwiseConv2D', 'SeparableConv2D'] as const;
const kernels = [...convolutions, 'Dense'] as const;
const normalizations = ['BatchNormalization', 'LayerNormalization'] as const;
const rearranging = [
  'AveragePooling1D',
  'AveragePooling2D',
  'AveragePooling3D',
  'MaxPooling1D',
  'MaxPooling2D',
  'MaxPooling3D',
  'ZeroPadding2D',
  'Cropping2D',
  'UpSampling2D',
  'Reshape',
  'Permute',
  'Flatten',
  'Dropout',
  'SpatialDropout1D',
] as const;
const activations = ['ReLU', 'LeakyReLU', 'PReLU', 'ELU', 'ThresholdedReLU', 'Softmax'] as const;

/** The activation of a layer that has one as an option, `linear` where it has none. */
const activationOf = (layer: Layer): string => {
  const { activation } = layer.getConfig();
  return typeof activation === 'string' ? activation : activation ? JSON.stringify(activation) : 'linear';
};

/** Whether the node multiplies by a matrix or convolves. */
export const isKernel = (node: GraphNode): boolean => isA(node, ...kernels);

export const isNormalization = (node: GraphNode): boolean => isA(node, ...normalizations);

/**
 * What a projection shortcut is made of, beside one linear map: it changes sizes and scales, no more. Where a tensor enters a nested model counts too.
 */
export function isProjecting(node: GraphNode): boolean {
  if (node.inputs.length !== 1) return false;
  if (!node.layer || isNormalization(node) || isA(node, ...rearranging)) return true;
  return (isKernel(node) || isA(node, 'Activation')) && activationOf(node.layer) === 'linear';
}

/** Names the kind of what may follow an add, activation or normalization; undefined for every other layer. Equal names: doing it twice is once too often. */
export function tailKind(node: GraphNode): string | undefined {
  if (!node.layer || node.inputs.length !== 1) return undefined;
  if (isA(node, 'Activation')) return activationOf(node.layer) === 'relu' ? 'ReLU' : activationOf(node.layer);
  return isNormalization(node) || isA(node, ...activations) ? node.layer.getClassName() : undefined;
}

/** The kind of activation or normalization that a node's output has gone through last, as `tailKind` names it. */
export const outputKind = (node: GraphNode): string | undefined => {
  if (!node.layer || !isKernel(node)) return tailKind(node);
  const activation = activationOf(node.layer);
  return activation === 'linear' ? undefined : activation === 'relu' ? 'ReLU' : activation;
};

/** A layer that makes a mask out of the numbers that it is given; all others pass masks on. */
export const makesMask = (node: GraphNode): boolean => isA(node, 'Masking') || (isA(node, 'Embedding') && node.layer?.supportsMasking === true);
