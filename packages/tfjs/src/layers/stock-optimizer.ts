import { didYouMean, HooklineError } from '@hookline/core';
import * as tf from '@tensorflow/tfjs-core';
import { checkNoRate, isOptimizer } from '../learner/learner-options.js';
import { type OptimizerOptions, optimizerOptions } from '../optimizers/options.js';

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

/** The classes of `tf.train`. One that extends them may step otherwise, though it has their settings and goes by their name. */
const classes: readonly unknown[] = [
  tf.SGDOptimizer,
  tf.MomentumOptimizer,
  tf.AdamOptimizer,
  tf.AdamaxOptimizer,
  tf.RMSPropOptimizer,
  tf.AdagradOptimizer,
  tf.AdadeltaOptimizer,
];

/** Names of hookline's own. */
const types = optimizerOptions.options.flatMap((option) => [...option.shape.type.values]);

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
  const make = classes.includes(optimizer.constructor) ? byClass[optimizer.getClassName()] : undefined;
  if (!make) {
    throw refused(
      `optimizer '${optimizer.constructor.name}' is not supported`,
      `supported are ${Object.keys(byClass).join(', ')}, or options such as { type: 'adamw' }; classes of one's own run under model.fit with gatingCallback`,
    );
  }
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
    if (!make && name === 'momentum') throw refused(`optimizer '${given}' needs a momentum`, 'give tf.train.momentum(learningRate, momentum)');
    const type = types.find((one) => one === name);
    if (!make && type) throw refused(`optimizer '${given}' is one of hookline's own`, `give its options: { type: '${type}' }; the rate is the trainer's`);
    if (!make) throw refused(`there is no optimizer '${given}'`, didYouMean(given, Object.keys(named)));
    const optimizer = make();
    try {
      return ofInstance(optimizer);
    } finally {
      optimizer.dispose();
    }
  }
  if (isOptimizer(given)) return ofInstance(given);
  if (typeof given !== 'object' || given === null || !('type' in given)) {
    throw refused(
      `the optimizer is ${given === null ? 'null' : `a value of type ${typeof given}`}`,
      "give a name, what tf.train.adam(…) answers, or options: { type: 'adamw' }",
    );
  }
  checkNoRate('layersLearner', given);
  return { options: given, learningRate: undefined };
}
