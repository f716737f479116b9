import { HooklineError, type NamedTensor, type Tensors } from '@hookline/core';
import * as tf from '@tensorflow/tfjs-core';
import { afterwards } from '../afterwards.js';

/**
 * A model's parameters by name. Models ask for a parameter at each use and never keep the answer: under `using` the same name answers
 * with another tensor, which is how an evaluation sees averaged weights without anything being swapped.
 */
export interface Parameters {
  /** Those that gradients train, in the order given at creation. */
  readonly names: readonly string[];
  /** What training changes without a gradient, such as moving averages: has values, copies and averages like a parameter. Mostly none. */
  readonly buffers: readonly string[];
  has(name: string): boolean;
  /** The tensor to compute with; a typed error that names the nearest thing to do where there is none of that name. */
  get(name: string): tf.Tensor;
  /** The trained variable itself, whatever `using` is in force. */
  variable(name: string): tf.Variable;
  /** Gives a parameter a new tensor and takes it over: neither the old nor the new tensor is the caller's to dispose of. */
  assign(name: string, value: tf.Tensor): void;
  /** Whether `using` is in force. */
  readonly substituted: boolean;
  /** Calls `f` with `get` answering from `weights`; the trained ones answer again once `f`, or its promise, is done or has thrown. */
  using<R>(weights: ReadonlyMap<string, tf.Tensor>, f: () => R): R;
  /** A copy in the memory of JavaScript. */
  read(): Tensors;
  dispose(): void;
}

function checkSize(name: string, { shape, data }: NamedTensor): void {
  const size = tf.util.sizeFromShape([...shape]);
  if (size === data.length) return;
  throw new HooklineError('HOOKLINE_PARAMETERS', `parameter '${name}' of shape [${shape}] has ${data.length} numbers instead of ${size}`, {
    hint: 'the file or the initialiser that it comes from is damaged',
  });
}

function checkHost(name: string, value: NamedTensor): void {
  if (!Array.isArray(value?.shape) || typeof value.data?.length !== 'number') {
    throw new HooklineError('HOOKLINE_PARAMETERS', `parameter '${name}' is neither a tensor nor { shape, data }`, {
      hint: `give a tf.Tensor, a tf.Variable or { shape, data }, each by a name of its own, such as '${name}.weight'`,
    });
  }
  checkSize(name, value);
}

const variableOf = ({ shape, data }: NamedTensor): tf.Variable => tf.tidy(() => tf.variable(tf.tensor(new Float32Array(data), [...shape], 'float32')));

/**
 * Makes a variable of each tensor, all float32. Every new value is a tensor of its own, never written in place: the wasm backend keeps
 * packed copies of matrices by tensor and would go on multiplying by the old ones.
 */
export function createParameters(tensors: Tensors): Parameters {
  for (const [name, tensor] of Object.entries(tensors)) checkSize(name, tensor);
  return parametersOf(new Map(Object.entries(tensors).map(([name, tensor]) => [name, variableOf(tensor)])));
}

/** Initial values by name. A `tf.Variable` is trained itself and stays the caller's; of anything else a copy is. */
export type InitialParameters = Readonly<Record<string, tf.Variable | tf.Tensor | NamedTensor>>;

/**
 * Parameters of variables, tensors or host arrays.
 * @throws HooklineError `HOOKLINE_PARAMETERS` for a variable that is not float32 or not trainable, or numbers that do not fill their shape
 */
export function parametersFrom(initial: InitialParameters): Parameters {
  const entries = Object.entries(initial);
  for (const [name, value] of entries) {
    if (!(value instanceof tf.Tensor)) checkHost(name, value);
    else if (value.dtype !== 'float32' || (value instanceof tf.Variable && !value.trainable)) {
      throw new HooklineError('HOOKLINE_PARAMETERS', `parameter '${name}' is ${value.dtype === 'float32' ? 'not trainable' : value.dtype}`, {
        hint: 'parameters are trainable and float32: leave out what is not trained',
      });
    }
  }
  const made = entries.map(([name, value]) => {
    if (value instanceof tf.Variable) return [name, value] as const;
    return [name, value instanceof tf.Tensor ? tf.variable(value) : variableOf(value)] as const;
  });
  return parametersOf(new Map(made), new Set(entries.flatMap(([, value]) => (value instanceof tf.Variable ? [value] : []))));
}

/**
 * Parameters that stand on variables there are already, in the order of the map.
 * @param kept those that are somebody else's: `dispose` leaves them alone
 */
export function parametersOf(
  given: ReadonlyMap<string, tf.Variable>,
  kept: ReadonlySet<tf.Variable> = new Set(),
  buffers: ReadonlyMap<string, tf.Variable> = new Map(),
): Parameters {
  const variables = new Map([...given, ...buffers]);
  let substitute: ReadonlyMap<string, tf.Tensor> | undefined;

  const unknown = (name: string): HooklineError =>
    new HooklineError('HOOKLINE_PARAMETERS', `there is no parameter '${name}'`, {
      hint: `the model has ${variables.size} parameters${variables.size > 0 ? `, '${[...variables.keys()].slice(0, 3).join("', '")}', …` : ''}`,
    });
  const variable = (name: string): tf.Variable => {
    const found = variables.get(name);
    if (!found) throw unknown(name);
    return found;
  };

  return {
    names: Object.freeze([...given.keys()]),
    buffers: Object.freeze([...buffers.keys()]),
    has: (name) => variables.has(name),
    get(name) {
      const found = substitute === undefined ? variables.get(name) : substitute.get(name);
      if (!found) throw unknown(name);
      return found;
    },
    variable,
    assign(name, value) {
      const target = variable(name);
      if (value.shape.join() !== target.shape.join()) {
        throw new HooklineError('HOOKLINE_PARAMETERS', `parameter '${name}' of shape [${target.shape}] cannot take a tensor of shape [${value.shape}]`);
      }
      target.assign(value);
      value.dispose();
    },
    get substituted() {
      return substitute !== undefined;
    },
    using(weights, f) {
      const before = substitute;
      substitute = weights;
      return afterwards(f, () => {
        substitute = before;
      });
    },
    read: () => Object.fromEntries([...variables].map(([name, value]) => [name, { shape: [...value.shape], data: new Float32Array(value.dataSync()) }])),
    dispose() {
      for (const value of variables.values()) if (!kept.has(value)) value.dispose();
      variables.clear();
    },
  };
}
