import { didYouMean, HooklineError } from '@hookline/core';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { nameHint } from '../learner/losses.js';

/** A function of target and output, as tf.layers has them. */
export type LossOrMetric = (yTrue: tf.Tensor, yPred: tf.Tensor) => tf.Tensor;

/** A loss or metric: a name of tf.layers or a function. */
type Named = string | LossOrMetric;
export type LossOption = Named | readonly Named[] | Readonly<Record<string, Named>>;
export type MetricOption = Named | readonly Named[] | Readonly<Record<string, Named | readonly Named[]>>;

/** What `model.compile` decides, resolved. */
export interface Compilation {
  /** One for each output. */
  readonly losses: readonly LossOrMetric[];
  readonly metrics: readonly { readonly name: string; readonly output: number; readonly of: LossOrMetric }[];
  /** Outputs whose targets are numbers of classes, of shape [..., 1], by a sparse loss. */
  readonly sparse: readonly boolean[];
}

/** Losses by name: `lossesMap` of tf.layers 4.22, which does not show it. */
const lossNames = [
  'meanSquaredError',
  'meanAbsoluteError',
  'meanAbsolutePercentageError',
  'meanSquaredLogarithmicError',
  'squaredHinge',
  'hinge',
  'categoricalHinge',
  'logcosh',
  'categoricalCrossentropy',
  'sparseCategoricalCrossentropy',
  'binaryCrossentropy',
  'kullbackLeiblerDivergence',
  'poisson',
  'cosineProximity',
];

/** Metrics by name: `metricsMap`, and the four words whose meaning depends on output and loss. */
const metricNames = [
  'accuracy',
  'acc',
  'crossentropy',
  'ce',
  'binaryAccuracy',
  'categoricalAccuracy',
  'precision',
  'categoricalCrossentropy',
  'sparseCategoricalCrossentropy',
  'mse',
  'MSE',
  'mae',
  'MAE',
  'mape',
  'MAPE',
  'cosine',
];

/** The parts of a compiled model that tf.layers keeps to itself. */
interface Compiled {
  readonly lossFunctions: readonly LossOrMetric[];
  readonly metricsTensors: readonly (readonly [LossOrMetric, number])[];
  getDedupedMetricsNames(): readonly string[];
}

/** The model that is trained: a sequential one has another inside. */
export function trainedModel(model: tfl.LayersModel): tfl.LayersModel {
  if (!(model instanceof tfl.Sequential)) return model;
  if (!(model as unknown as { model?: tfl.LayersModel }).model) (model as unknown as { build(): void }).build();
  return (model as unknown as { model: tfl.LayersModel }).model;
}

type Kind = 'loss' | 'metric';
const codes = { loss: 'HOOKLINE_LOSS', metric: 'HOOKLINE_METRIC' } as const;

function checkOne(kind: Kind, given: unknown, names: readonly string[]): void {
  if (typeof given === 'function') return;
  if (typeof given !== 'string') {
    throw new HooklineError(codes[kind], `a ${kind} is ${given === undefined ? 'missing' : given === null ? 'null' : `of type ${typeof given}`}`, {
      hint: 'give a name or a function',
    });
  }
  if (names.includes(given)) return;
  const logits = kind === 'loss' && /softmaxcrossentropy/i.test(given) ? "'categoricalCrossentropy' takes what a softmax answers" : undefined;
  throw new HooklineError(codes[kind], `there is no ${kind} '${given}'`, {
    hint: logits ?? nameHint(given, names, 'Or give a function (yTrue, yPred)'),
  });
}

/** What a loss or metric answers with. @throws HooklineError `HOOKLINE_LOSS`, `HOOKLINE_METRIC` where it is no tensor: a function may answer anything */
export function measured(kind: Kind, value: unknown): tf.Tensor {
  if (value instanceof tf.Tensor) return value;
  const got = value instanceof Promise ? 'a promise' : value === undefined ? 'nothing' : `a value of type ${typeof value}`;
  throw new HooklineError(codes[kind], `a ${kind} answers with ${got}`, { hint: 'a function (yTrue, yPred) answers with a tensor, at once' });
}

const isList = (given: unknown): given is readonly unknown[] => Array.isArray(given);

/** A list or names by output, or the same for all. */
function checkOption(kind: Kind, given: LossOption | MetricOption, outputs: readonly string[], names: readonly string[]): void {
  if (typeof given === 'string' || typeof given === 'function' || isList(given)) {
    for (const one of isList(given) ? given : [given]) checkOne(kind, one, names);
    return;
  }
  const strange = Object.keys(given).find((key) => !outputs.includes(key));
  if (strange !== undefined) {
    throw new HooklineError(codes[kind], `there is a ${kind} for '${strange}', which is no output of the model`, { hint: didYouMean(strange, outputs) });
  }
  for (const one of Object.values(given)) for (const each of isList(one) ? one : [one]) checkOne(kind, each, names);
}

function checkLosses(loss: LossOption, outputs: readonly string[]): void {
  checkOption('loss', loss, outputs, lossNames);
  if (typeof loss === 'string' || typeof loss === 'function') return;
  if (isList(loss)) {
    if (loss.length === outputs.length) return;
    throw new HooklineError('HOOKLINE_LOSS', `there are ${loss.length} losses for ${outputs.length} outputs`, {
      hint: `give one for each of: ${outputs.join(', ')}`,
    });
  }
  const left = outputs.find((output) => !Object.hasOwn(loss, output));
  if (left !== undefined) throw new HooklineError('HOOKLINE_LOSS', `output '${left}' has no loss`, { hint: 'give one for each output' });
}

/**
 * Losses and metrics of a model: the options', else those that `model.compile` was given. tf.layers itself resolves them, on an object beside the model,
 * which stays as it is.
 * @throws HooklineError `HOOKLINE_LOSS`, `HOOKLINE_METRIC` for what is missing or not known
 */
export function compilationOf(
  model: tfl.LayersModel,
  options: { readonly loss?: LossOption | undefined; readonly metrics?: MetricOption | undefined },
): Compilation {
  const inner = trainedModel(model);
  const compiled = inner.optimizer !== undefined && inner.optimizer !== null;
  const loss = options.loss ?? (compiled ? (inner.loss as unknown as LossOption) : undefined);
  const metrics = options.metrics ?? ((inner as { metrics?: MetricOption }).metrics as MetricOption | undefined) ?? [];
  if (loss === undefined) {
    throw new HooklineError('HOOKLINE_LOSS', `model '${model.name}' is not compiled, and no loss is given`, {
      hint: 'model.compile({ optimizer, loss }), or give loss',
    });
  }
  checkLosses(loss, inner.outputNames);
  checkOption('metric', metrics, inner.outputNames, metricNames);
  const aside = Object.create(inner) as tfl.LayersModel & Compiled;
  const optimizer = tf.train.sgd(0);
  aside.compile({ optimizer, loss: loss as string, metrics: metrics as string });
  optimizer.dispose();
  const named = aside.getDedupedMetricsNames().slice(1); // the first is the loss
  const own = inner.outputs.length > 1 ? inner.outputs.length : 0; // then that of each output, if there are several
  const sparseLoss = resolved(inner, 'sparseCategoricalCrossentropy');
  return {
    losses: aside.lossFunctions,
    metrics: aside.metricsTensors.slice(own).map(([of, output], i) => ({ name: named[own + i] as string, output, of })),
    sparse: aside.lossFunctions.map((one) => one === sparseLoss),
  };
}

/** The function of tf.layers behind a loss's name. */
function resolved(inner: tfl.LayersModel, loss: string): LossOrMetric {
  const aside = Object.create(inner) as tfl.LayersModel & Compiled;
  const optimizer = tf.train.sgd(0);
  aside.compile({ optimizer, loss });
  optimizer.dispose();
  return aside.lossFunctions[0] as LossOrMetric;
}
