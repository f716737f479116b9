import { type Block, type Gates, HooklineError } from '@hookline/core';
import type * as tf from '@tensorflow/tfjs-core';
import { type LayersModel, SymbolicTensor } from '@tensorflow/tfjs-layers';
import type { GatedModel } from './gated-model.js';
import { withoutLosses } from './without-losses.js';

/** The border of the blocks in one forward pass. */
type Border = Block<tf.Tensor> & { verify(): void };

export interface GatedFit {
  /** The next batch's gates. */
  plan(gates: Gates, block: Border): void;
  end(): void;
}

/** What a training changes on a model of tf.layers 4.22, which keeps these to itself. */
interface Trained {
  outputs: SymbolicTensor[];
  optimizer_: tf.Optimizer;
  isTraining: boolean;
}

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

  const { outputs, reset } = gatedOutputs(model, (inputs) => {
    if (!planned) throw fault('a batch is trained that it was not told of', 'let fit call its callbacks');
    return gated.apply(inputs, planned.block, { training: true });
  });
  const { minimize } = optimizer;
  optimizer.minimize = function minimizeGated(...args: Parameters<typeof minimize>) {
    if (!planned) return minimize.apply(optimizer, args);
    const { gates, block } = planned;
    const whole = trained.outputs;
    trained.outputs = outputs;
    reset();
    try {
      const cost = withoutLosses(gated.skipped(gates), () => minimize.apply(optimizer, args));
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
    },
    end,
  };
}
