import { initializers, input, type LayersModel, layers, model, type SymbolicTensor } from '@tensorflow/tfjs-layers';

export interface ResidualCnnConfig {
  readonly side: number;
  readonly filters: number;
  readonly blocks: number;
  readonly classes: number;
}

/** A residual network of pre-activation blocks (He et al. 2016, arXiv:1603.05027) as anybody writes it in `tf.layers`: nothing in it knows of hookline. */
export function residualCnn({ side, filters, blocks, classes }: ResidualCnnConfig, seed: number): LayersModel {
  let key = seed * 1000;
  const kernelInitializer = () => initializers.heNormal({ seed: ++key });
  const convolution = (x: SymbolicTensor, strides = 1): SymbolicTensor =>
    layers.conv2d({ filters, kernelSize: 3, strides, padding: 'same', useBias: false, kernelInitializer: kernelInitializer() }).apply(x) as SymbolicTensor;
  const normalized = (x: SymbolicTensor): SymbolicTensor =>
    layers.reLU().apply(layers.batchNormalization({ momentum: 0.9 }).apply(x) as SymbolicTensor) as SymbolicTensor;

  const images = input({ shape: [side, side, 1] });
  let x = convolution(images, 2);
  for (let i = 0; i < blocks; i++) x = layers.add().apply([x, convolution(normalized(convolution(normalized(x))))]) as SymbolicTensor;
  const features = layers.globalAveragePooling2d({}).apply(normalized(x)) as SymbolicTensor;
  const shares = layers.dense({ units: classes, activation: 'softmax', kernelInitializer: kernelInitializer() }).apply(features) as SymbolicTensor;
  return model({ inputs: images, outputs: shares });
}
