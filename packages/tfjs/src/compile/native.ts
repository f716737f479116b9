import * as tf from '@tensorflow/tfjs-core';

/** What the addon says of a tensor. */
export interface TensorMetadata {
  readonly id: number;
  readonly shape: number[];
  readonly dtype: number;
}

/** An attribute of an op, as tfjs-node hands it to its addon; `type` is one of the binding's `TF_ATTR_…`. */
export interface OpAttribute {
  readonly name: string;
  readonly type: number;
  readonly value: unknown;
}

/** What is used of the addon of tfjs-node 4.22. */
export interface Binding {
  executeOp(op: string, attributes: readonly OpAttribute[], inputs: readonly number[], outputs: number): TensorMetadata[];
  createTensor(shape: readonly number[], dtype: number, values: unknown): number;
  deleteTensor(id: number): void;
  tensorDataSync(id: number): ArrayLike<number>;
  loadSavedModel(directory: string, tags: string): number;
  deleteSavedModel(id: number): void;
  runSavedModel(id: number, inputs: readonly number[], inputNames: string, outputNames: string): TensorMetadata[];
  readonly TF_FLOAT: number;
  readonly TF_INT32: number;
  readonly TF_INT64: number;
  readonly TF_BOOL: number;
  readonly TF_ATTR_STRING: number;
  readonly TF_ATTR_INT: number;
  readonly TF_ATTR_FLOAT: number;
  readonly TF_ATTR_BOOL: number;
  readonly TF_ATTR_TYPE: number;
  readonly TF_ATTR_SHAPE: number;
}

/** What the backend keeps of a tensor's data; `values` holds numbers that are not uploaded yet. */
interface TensorData {
  readonly id: number;
  readonly shape: readonly number[];
  readonly dtype: number;
  readonly values: unknown;
}

/** What is used of the backend of tfjs-node 4.22. */
export interface NativeBackend {
  binding: Binding;
  readonly tensorMap: { get(dataId: object): TensorData | undefined; has(dataId: object): boolean };
  getInputTensorIds(tensors: readonly tf.Tensor[]): number[];
  createOutputTensor(metadata: TensorMetadata): tf.Tensor;
  move(dataId: object, values: unknown, shape: readonly number[], dtype: string, refCount: number): void;
  readSync(dataId: object): unknown;
}

/** The native backend where it is the one in use. */
export const nativeBackend = (): NativeBackend | undefined => (tf.getBackend() === 'tensorflow' ? (tf.backend() as unknown as NativeBackend) : undefined);
