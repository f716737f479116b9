import { didYouMean, HooklineError } from '@hookline/core';
import * as tf from '@tensorflow/tfjs-core';
import type { OptimizerOptions } from '../optimizers/options.js';

/** An optimizer as a learner runs it, and its learning rate where it has one of its own. */
export interface OptimizerChoice {
  readonly options: OptimizerOptions;
  readonly learningRate: number | undefined;
}

/** Names that `model.compile` takes, with the settings that it gives them. */
const named = {
  sgd: () => tf.train.sgd(0.01),
  adam: () => tf.train.adam(0.001, 0.9, 0.999, tf.backend().epsilon()),
  adamax: () => tf.train.adamax(0.002, 0.9, 0.999, tf.backend().epsilon(), 0),
  rmsprop: () => tf.train.rmsprop(0.001, 0.9, 0, tf.backend().epsilon()),
  adagrad: () => tf.train.adagrad(0.01),
  adadelta: () => tf.train.adadelta(1, 0.95, tf.backend().epsilon()),
} satisfies Record<string, () => tf.Optimizer>;

type Config = Readonly<Record<string, number>> & { readonly useNesterov?: boolean; readonly centered?: boolean };

const byClass: Readonly<Record<string, (config: Config) => OptimizerOptions>> = {
  SGD: () => ({ type: 'sgd' }),
  Momentum: ({ momentum, useNesterov }) => ({ type: 'momentum', momentum: momentum as number, nesterov: useNesterov === true }),
  Adam: ({ beta1, beta2, epsilon }) => ({ type: 'adam', betas: [beta1 as number, beta2 as number], epsilon: epsilon as number }),
  Adamax: ({ beta1, beta2, epsilon, decay }) => ({
    type: 'adamax',
    betas: [beta1 as number, beta2 as number],
    epsilon: epsilon as number,
    decay: decay as number,
  }),
  RMSProp: ({ decay, momentum, epsilon, centered }) => ({
    type: 'rmsprop',
    decay: decay as number,
    momentum: momentum as number,
    epsilon: epsilon as number,
    centered: centered === true,
  }),
  Adagrad: ({ initialAccumulatorValue }) => ({ type: 'adagrad', initialAccumulator: initialAccumulatorValue as number, epsilon: tf.backend().epsilon() }),
  Adadelta: ({ rho, epsilon }) => ({ type: 'adadelta', rho: rho as number, epsilon: epsilon as number }),
};

const refused = (what: string, hint: string): HooklineError => new HooklineError('HOOKLINE_OPTIMIZER', what, { hint });

/** The settings of an optimizer of TensorFlow.js, read off it: it stays as it is, with its moments; a learner's begin anew. */
function ofInstance(optimizer: tf.Optimizer): OptimizerChoice {
  const name = optimizer.getClassName();
  const make = byClass[name];
  if (!make) throw refused(`optimizer '${name}' is not supported`, `supported are ${Object.keys(byClass).join(', ')}, or options such as { type: 'adamw' }`);
  const config = optimizer.getConfig() as unknown as Config;
  return { options: make(config), learningRate: config['learningRate'] };
}

/**
 * What an optimizer of `model.compile` or of a learner's option stands for: a name, an instance, or options of the learner's own optimizers.
 * @throws HooklineError `HOOKLINE_OPTIMIZER`
 */
export function chooseOptimizer(given: string | tf.Optimizer | OptimizerOptions): OptimizerChoice {
  if (typeof given === 'string') {
    const name = given.toLowerCase();
    const make = Object.hasOwn(named, name) ? named[name as keyof typeof named] : undefined;
    if (!make) throw refused(`there is no optimizer '${given}'`, didYouMean(given, Object.keys(named)));
    const optimizer = make();
    try {
      return ofInstance(optimizer);
    } finally {
      optimizer.dispose();
    }
  }
  if (given instanceof tf.Optimizer) return ofInstance(given);
  return { options: given, learningRate: undefined };
}
