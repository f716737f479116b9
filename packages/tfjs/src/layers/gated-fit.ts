import { type Block, type Gates, HooklineError } from '@hookline/core';
import * as tf from '@tensorflow/tfjs-core';
import { type LayersModel, SymbolicTensor } from '@tensorflow/tfjs-layers';
import type { GatedModel } from './gated-model.js';
import type { Layer } from './graph.js';
import { withoutLosses } from './without-losses.js';

/** The border of the blocks in one forward pass. */
type Border = Block<tf.Tensor> & { verify(): void };

export interface GatedFit {
  /** The next batch's gates: it begins. */
  plan(gates: Gates, block: Border): void;
  /** It is over. */
  trained(): void;
  end(): void;
}

/** What a training changes on a model of tf.layers 4.22, which keeps these to itself. */
interface Trained {
  outputs: SymbolicTensor[];
  optimizer_: tf.Optimizer;
  isTraining: boolean;
}

/** The list of weights as `minimize` takes it. */
type Variables = Parameters<tf.Optimizer['minimize']>[2];

const fault = (what: string, hint: string): HooklineError => new HooklineError('HOOKLINE_FIT', `gatingCallback: ${what}`, { hint });

/** Outputs that one run of the whole model under gates answers, as the executor of tf.layers asks for them: each by itself. */
function gatedOutputs(model: LayersModel, run: (inputs: readonly tf.Tensor[]) => tf.Tensor[]): { readonly outputs: SymbolicTensor[]; reset(): void } {
  let answered: tf.Tensor[] | undefined;
  const layer = {
    name: 'gated',
    supportsMasking: false,
    inboundNodes: [{}],
    output: [] as SymbolicTensor[],
    apply(inputs: readonly tf.Tensor[]): tf.Tensor[] {
      answered ??= run(inputs);
      return answered;
    },
  };
  layer.output = model.outputs.map(
    ({ dtype, shape, name }, i) => new SymbolicTensor(dtype, shape, layer as unknown as SymbolicTensor['sourceLayer'], model.inputs, {}, name, i),
  );
  return {
    outputs: layer.output,
    reset() {
      answered = undefined;
    },
  };
}

/**
 * Makes the training in progress run under gates, until it ends. While a batch is trained, and only then, the model's outputs are those of the gated
 * executor; `fit` asks for them inside the optimizer's `minimize`, which is why that is wrapped. That `fit` says so when it is over, after an error too, by
 * setting `isTraining`, is how the end is heard.
 * @param ended called once, when everything is as it was
 * @throws HooklineError `HOOKLINE_FIT` for a model that is not being trained, or is so under gates already, or shares its optimizer with such a one
 */
export function gateFit(model: LayersModel, gated: GatedModel, ended: () => void): GatedFit {
  const trained = model as unknown as Trained;
  const optimizer = trained.optimizer_;
  if (!trained.isTraining) throw fault('another model is being trained', 'give the callback to the fit of the model it was made for');
  if (Object.hasOwn(optimizer, 'minimize')) {
    throw fault(
      'this model, or one with the same optimizer, is being trained under gates already',
      'wait for the first training, and give fit one gatingCallback',
    );
  }
  let planned: { readonly gates: Gates; readonly block: Border } | undefined;
  /** Between begin and end of a batch. */
  let within = false;
  const untold = (): HooklineError =>
    fault(
      'a batch is trained that it was not told of',
      "let fit call its callbacks, and call trainOnBatch outside of fit's batches: when an epoch begins or ends",
    );

  const { outputs, reset } = gatedOutputs(model, (inputs) => {
    if (!planned) throw untold();
    return gated.apply(inputs, planned.block, { training: true });
  });
  const { minimize } = optimizer;

  /** Whether a trained weight takes part. */
  const reached = (skipped: ReadonlySet<Layer>, weights: Variables): boolean => {
    const idle = new Set([...skipped].flatMap((layer) => layer.weights.map((weight) => weight.read())));
    return weights === undefined || weights.some((weight) => !idle.has(weight));
  };
  /** As `minimize`, which refuses where no weight takes part: the cost alone, and a step of the optimizer without gradients, as a closed block's weights have it. */
  const stand = (cost: () => tf.Scalar, returned = false, weights: Variables = []): tf.Scalar | null => {
    const value = tf.tidy(cost);
    optimizer.applyGradients(weights.map(({ name }) => ({ name, tensor: undefined as unknown as tf.Tensor })));
    if (returned) return value;
    value.dispose();
    return null;
  };
  optimizer.minimize = function minimizeGated(...args: Parameters<typeof minimize>) {
    if (!planned && within) throw untold();
    if (!planned) return minimize.apply(optimizer, args);
    const { gates, block } = planned;
    const skipped = gated.skipped(gates);
    const whole = trained.outputs;
    trained.outputs = outputs;
    reset();
    try {
      const cost = withoutLosses(skipped, () => (reached(skipped, args[2]) ? minimize.apply(optimizer, args) : stand(...args)));
      block.verify();
      return cost;
    } finally {
      trained.outputs = whole;
      planned = undefined;
      reset();
    }
  };

  let over = false;
  const end = (): void => {
    if (over) return;
    over = true;
    delete (optimizer as Partial<tf.Optimizer>).minimize;
    Object.defineProperty(trained, 'isTraining', { value: true, writable: true, configurable: true, enumerable: true });
    ended();
  };
  Object.defineProperty(trained, 'isTraining', {
    configurable: true,
    enumerable: true,
    get: () => true,
    set(value: boolean) {
      try {
        end();
      } catch {
        // what ended the training says more
      }
      trained.isTraining = value;
    },
  });

  return {
    plan(gates, block) {
      planned = { gates, block };
      within = true;
    },
    trained() {
      within = false;
    },
    end,
  };
}
